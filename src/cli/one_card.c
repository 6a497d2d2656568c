/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/one_card.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/guest.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOOKS "/etc/libvirt/hooks"
#define HOOK_DIR HOOKS "/qemu.d"
#define HOOK_MAX (64U << 10)
#define FIRST_LINES                                                                                               \
	"#!/bin/sh\n"                                                                                             \
	"# One graphics card, by turns for the desktop and for this VM: written by `vfio-bind setup --single`,\n" \
	"# taken away by `vfio-bind setup --undo`.\n"

/* The innermost last. */
static const char *const dirs[] = {"/etc/libvirt", HOOKS, HOOK_DIR};
#define DIRS (sizeof(dirs) / sizeof(*dirs))

/* AppArmor's profile of libvirtd lets a hook run programs of /bin alone without its own rules. */
static void hook_text(struct text *ret, const char *vm, struct pci_addr card)
{
	char address[PCI_ADDR_MAX];
	char *word = NULL;
	size_t len;
	FILE *f = open_memstream(&word, &len);

	if (f)
		guest_quote(vm, f);
	if (f && fclose(f) == 0)
		text_print(ret,
			FIRST_LINES
			"[ \"${1-}\" != %s ] || exec /bin/sh /usr/lib/vfio-bind/one-card \"$1\" \"${2-}/${3-}\" %s\n",
			word, pci_addr_format(card, address));
	else
		ret->failed = true;
	free(word);
}

static int hook_read(const char *path, struct text *ret, struct err *err)
{
	size_t len;
	char *data = NULL;
	int r = file_read(AT_FDCWD, path, HOOK_MAX, &data, &len, err);

	if (r == -ENOENT) {
		*err = (struct err){""};
		return 0;
	}
	if (r == 0)
		*ret = (struct text){.data = data, .len = len, .size = len + 1};
	return r;
}

int one_card_look(struct one_card *ret, const char *vm, struct pci_addr card, struct err *err)
{
	_cleanup_(text_done) struct text now = {0};

	*ret = (struct one_card){0};
	hook_text(&ret->text, vm, card);
	if (ret->text.failed || asprintf(&ret->path, HOOK_DIR "/vfio-bind-%s", vm) < 0) {
		ret->path = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	int r = hook_read(ret->path, &now, err);
	if (r < 0)
		return r;
	if (now.data && !str_starts(now.data, FIRST_LINES))
		return err_set(err, EEXIST,
			"%s: is there, and not from setup --single; move it away", ret->path);
	ret->differs = !txn_same(now.data, now.len, ret->text.data, ret->text.len) ||
		       access(ret->path, X_OK) < 0;
	return 0;
}

void one_card_done(struct one_card *c)
{
	free(c->path);
	text_done(&c->text);
}

void one_card_advise(const struct one_card *c, const char *vm)
{
	_cleanup_(str_free) char *others = NULL;

	if (access(HOOKS "/qemu", F_OK) == 0)
		log_print(LOG_NOTICE,
			HOOKS
			"/qemu stays as it is: libvirt runs %s beside it since its version 6.5; before, add this line to it: %s \"$@\"",
			c->path, c->path);
	if (asprintf(&others, HOOK_DIR "/%s", vm) >= 0 && access(others, F_OK) == 0)
		log_print(LOG_WARNING,
			"%s has hooks for this VM that " HOOKS
			"/qemu may run: if they end the desktop or take the card as well, move them away",
			others);
}

unsigned one_card_missing_dirs(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < DIRS; i++)
		n += access(dirs[i], F_OK) < 0;
	return n;
}

int one_card_write(const struct one_card *c, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place place = TXN_NOWHERE;
	int r = dir_make(HOOK_DIR, err);

	if (r == 0)
		r = txn_place_host(c->path, &place, err);
	if (r == 0)
		r = txn_set(
			&place, (struct txn_bytes){c->text.data, c->text.len}, 0755, HOOK_MAX, err);
	if (r == 0 && access(c->path, X_OK) < 0)
		r = err_set(err, errno, "%s: can't be run: %s", c->path, strerror(errno));
	return r;
}

int one_card_remove(const char *vm, uint64_t hash, unsigned made, struct err *err)
{
	_cleanup_(text_done) struct text now = {0};
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, HOOK_DIR "/vfio-bind-%s", vm) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	int r = hook_read(path, &now, err);
	if (r < 0)
		return r;
	if (now.data && str_hash(now.data, now.len) != hash)
		return err_set(err, EBUSY,
			"%s: has been edited since setup wrote it; move it away, then run this again",
			path);
	if (now.data)
		r = txn_put_host(path, (struct txn_bytes){now.data, now.len},
			(struct txn_bytes){NULL, 0}, err);
	for (size_t i = DIRS; r == 0 && i > 0 && i > DIRS - made; i--)
		if (rmdir(dirs[i - 1]) < 0 && errno != ENOENT)
			break; /* others have put something there */
	return r;
}
