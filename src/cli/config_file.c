/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/config_file.h"

#include "base/file.h"
#include "base/str.h"
#include "core/config.h"
#include "shared/prompt.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "# Written by vfio-bind init (%016" PRIx64 "). The file before: %s\n"
#define BEGINNING "# Written by vfio-bind init ("
#define NO_FILE_BEFORE "there was none"
#define BEFORE_INIT ".before-init"

/* For a file from init: the checksum in its first line, and the offset of the rest. */
static bool first_line_read(const struct config_file *f, uint64_t *ret_sum, size_t *ret_body)
{
	const char *end = f->data ? strchr(f->data, '\n') : NULL;
	char *attached;

	if (!end || !str_starts(f->data, BEGINNING))
		return false;
	*ret_sum = strtoull(f->data + strlen(BEGINNING), &attached, 16);
	*ret_body = (size_t)(end - f->data) + 1;
	return *attached == ')';
}

static bool selects_more_than_addresses(const struct config *c)
{
	for (size_t i = 0; i < c->n_all_selectors; i++)
		if (c->selectors[i].kind != SELECT_ADDRESS || c->selectors[i].exclude)
			return true;
	return false;
}

static bool has_options(const struct config *c)
{
	return c->n_profiles > 0 || c->n_settings > 0 || c->n_before > 0 || c->options[0] ||
	       !c->companions || c->may_take_boot_vga || c->may_take_last_display ||
	       c->may_take_network || c->may_take_keyboard || c->hold_on_failure ||
	       c->load_in_background;
}

/* Finds the first line that selects something, or differs from an empty file. */
static void find_settings(struct config_file *f)
{
	_cleanup_(config_done) struct config c = {0};

	if (config_parse(&c, f->path, f->data, f->len) < 0) {
		f->says_something = !f->ours;
		return;
	}
	if (c.n_all_selectors > 0)
		f->line = c.selectors[0].line;
	else if (c.n_settings > 0)
		f->line = c.settings[0].line;
	if (f->ours)
		f->plain = !selects_more_than_addresses(&c) && !has_options(&c);
	else
		f->says_something = c.n_all_selectors > 0 || has_options(&c);
}

int config_file_look(struct config_file *ret, const char *path, struct err *err)
{
	struct config_file f = {.path = path};
	uint64_t sum;
	size_t body;

	int r = file_read(AT_FDCWD, path, CONFIG_MAX, &f.data, &f.len, err);
	if (r == -ENOENT) {
		*err = (struct err){""};
		*ret = f;
		return 0;
	}
	if (r < 0)
		return r;
	if (first_line_read(&f, &sum, &body)) {
		f.ours = sum == str_hash(f.data + body, f.len - body);
		f.edited = !f.ours;
	}
	find_settings(&f);
	*ret = f;
	return 0;
}

void config_file_done(struct config_file *f)
{
	free(f->data);
	f->data = NULL;
}

bool config_file_holds(const struct config_file *f, const char *body, size_t len)
{
	uint64_t sum;
	size_t begin;

	return f->ours && first_line_read(f, &sum, &begin) && f->len - begin == len &&
	       memcmp(f->data + begin, body, len) == 0;
}

/* Finds the file, and the copy of the previous one beside it. */
static int places_find(const struct config_file *f, struct txn_place *ret_file,
	struct txn_place *ret_kept, struct err *err)
{
	int r = txn_place_host(f->path, ret_file, err);

	return r < 0 ? r : txn_place_beside(ret_file, BEFORE_INIT, ret_kept, err);
}

int config_file_write(const struct config_file *f, const char *body, size_t len, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE, kept = TXN_NOWHERE;
	const struct txn_bytes now = {f->data, f->len};
	const struct txn_owner created = txn_owner_caller(0644);
	_cleanup_(text_done) struct text all = {0};

	int r = places_find(f, &p, &kept, err);
	/* It takes the place of the copy that an earlier init kept, which is of no use any more. */
	if (r == 0 && f->data && !f->ours)
		r = txn_set(&kept, now, 0644, CONFIG_MAX, err);
	if (r < 0)
		return r;
	bool keeps = f->data && txn_is_kept(&kept);
	text_print(&all, FIRST_LINE, str_hash(body, len), keeps ? kept.name : NO_FILE_BEFORE);
	text_add(&all, body, len);
	if (all.failed)
		return err_set(err, ENOMEM, "out of memory");
	return txn_put(&p, now, (struct txn_bytes){all.data, all.len}, &created, err);
}

/*
 * Restores the file before init. 1: done; 0: nothing to undo, init has not written this file;
 * -EBUSY: the file was edited since (not with force); or -errno.
 */
static int config_file_undo(const struct config_file *f, bool force, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE, kept = TXN_NOWHERE;

	if (!f->ours && !f->edited)
		return 0;
	if (f->edited && !force)
		return err_set(err, EBUSY, "%s: was changed since init wrote it", f->path);
	int r = places_find(f, &p, &kept, err);
	if (r == 0)
		r = txn_restore_kept(&p, &kept, (struct txn_bytes){f->data, f->len}, err);
	return r < 0 ? r : 1;
}

int config_file_take_back(const char *path, bool ask, struct err *err)
{
	_cleanup_(config_file_done) struct config_file f = {0};
	int r = config_file_look(&f, path, err);

	if (r == 0)
		r = config_file_undo(&f, false, err);
	if (r == -EBUSY && ask &&
		prompt_yes("%s. Put the one before back all the same?", err->text)) {
		*err = (struct err){""};
		r = config_file_undo(&f, true, err);
	}
	return r;
}

int config_file_rollback(const struct config_file *before, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE, kept = TXN_NOWHERE;
	_cleanup_(config_file_done) struct config_file now = {0};
	const struct txn_owner created = txn_owner_caller(0644);

	int r = config_file_look(&now, before->path, err);
	if (r < 0 || txn_same(before->data, before->len, now.data, now.len))
		return r;
	if (!before->ours) {
		r = config_file_undo(&now, false, err);
		return r < 0 ? r : 0;
	}
	r = places_find(before, &p, &kept, err);
	return r < 0 ? r
		     : txn_put(&p, (struct txn_bytes){now.data, now.len},
			       (struct txn_bytes){before->data, before->len}, &created, err);
}
