/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/setup_state.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"
#include "base/strings.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_NAME "setup"
#define STATE_MAX (16U << 10)
#define CHANGES_MAX (sizeof(((struct setup_state *)0)->change) / sizeof(unsigned))
#define CHANGES_DIR "/var/lib/vfio-bootcfg"

#define BOOTCFG "bootcfg "
#define VM "vm "
#define HOOK "hook "
#define CONFIG_BEFORE "config before "

/* "config before 0123456789abcdef", "config before none"; "config" up to 0.3. */
static void read_config(struct setup_state *ret, const char *line)
{
	const char *at = line + strlen(CONFIG_BEFORE);

	ret->config = true;
	if (!str_starts(line, CONFIG_BEFORE))
		return;
	ret->knows_before = true;
	ret->had_file = !str_equal(at, "none");
	ret->before = ret->had_file ? strtoull(at, NULL, 16) : STR_HASH_BEGIN;
}

/* "vm 0123456789abcdef 0000:01:00.0,0000:01:00.1 win10": the name is last, it may have blanks. */
static void read_vm(struct setup_state *ret, char *at)
{
	char *hash = strsep(&at, " "), *list = strsep(&at, " ");
	struct err err;

	if (!at)
		return;
	struct setup_vm_state *vm = setup_state_add_vm(ret, at, strtoull(hash, NULL, 16), &err);
	for (char *one; vm && vm->n < SETUP_VM_FUNCTIONS && (one = strsep(&list, ","));)
		vm->n += pci_addr_parse(one, &vm->functions[vm->n]);
}

/* "hook 0123456789abcdef 1 win10", behind that VM: the hash, and how many directories were made. */
static void read_hook(struct setup_state *ret, char *at)
{
	char *hash = strsep(&at, " "), *made = strsep(&at, " ");
	const struct setup_vm_state *known = at ? setup_state_vm(ret, at) : NULL;

	if (!known)
		return;
	struct setup_vm_state *vm = &ret->vm[known - ret->vm];
	vm->has_hook = true;
	vm->hook = strtoull(hash, NULL, 16);
	vm->hook_dirs = (unsigned)strtoul(made, NULL, 10);
}

static void read_step(struct setup_state *ret, char *line)
{
	unsigned long change;

	if (str_equal(line, "config") || str_starts(line, CONFIG_BEFORE))
		read_config(ret, line);
	else if (str_equal(line, "images"))
		ret->images = true;
	else if (str_equal(line, "made"))
		ret->made = true;
	else if (str_equal(line, "archive"))
		ret->archive = true;
	else if (str_equal(line, "trial"))
		ret->trial = true;
	else if (str_starts(line, VM))
		read_vm(ret, line + strlen(VM));
	else if (str_starts(line, HOOK))
		read_hook(ret, line + strlen(HOOK));
	else if (str_starts(line, BOOTCFG) &&
		 str_decimal(line + strlen(BOOTCFG), 999999, &change) &&
		 ret->n_changes < CHANGES_MAX)
		ret->change[ret->n_changes++] = (unsigned)change;
}

bool setup_state_is_empty(const struct setup_state *s)
{
	return !s->config && s->n_changes == 0 && !s->images && s->n_vms == 0;
}

const struct setup_vm_state *setup_state_vm(const struct setup_state *s, const char *target)
{
	for (size_t i = 0; i < s->n_vms; i++)
		if (str_equal(s->vm[i].target, target))
			return &s->vm[i];
	return NULL;
}

struct setup_vm_state *setup_state_add_vm(
	struct setup_state *s, const char *target, uint64_t before, struct err *err)
{
	const struct setup_vm_state *known = setup_state_vm(s, target);
	struct setup_vm_state *vm;

	if (known)
		return &s->vm[known - s->vm];
	if (strlen(target) >= sizeof(vm->target) || strchr(target, '\n')) {
		(void)err_set(err, ENAMETOOLONG,
			"%.80s...: setup keeps names of VMs up to %zu bytes, in one line", target,
			sizeof(vm->target) - 1);
		return NULL;
	}
	if (s->n_vms == SETUP_VMS) {
		(void)err_set(err, ENOSPC,
			"setup has put devices into %d VMs: use vfio-bind vm %s add for this one",
			SETUP_VMS, target);
		return NULL;
	}
	vm = &s->vm[s->n_vms++];
	*vm = (struct setup_vm_state){.before = before};
	(void)snprintf(vm->target, sizeof(vm->target), "%s", target);
	return vm;
}

int setup_state_add(struct setup_state *s, unsigned change, struct err *err)
{
	if (s->n_changes == CHANGES_MAX)
		return err_set(err, ENOSPC,
			"setup has made %zu changes of the kernel parameters: take them back by vfio-bind setup --undo first",
			s->n_changes);
	s->change[s->n_changes++] = change;
	return 0;
}

int setup_state_read(struct setup_state *ret, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	char *rest;
	size_t len;
	int r = file_read(AT_FDCWD, SETUP_STATE_DIR "/" STATE_NAME, STATE_MAX, &data, &len, err);

	*ret = (struct setup_state){0};
	if (r == -ENOENT) {
		*err = (struct err){""};
		return 0;
	}
	if (r < 0)
		return r;
	rest = data;
	for (char *line; (line = strsep(&rest, "\n"));)
		read_step(ret, line);
	return 0;
}

static void write_vm(const struct setup_vm_state *vm, struct text *to)
{
	char address[PCI_ADDR_MAX];

	text_print(to, VM "%016" PRIx64 " ", vm->before);
	for (size_t i = 0; i < vm->n; i++)
		text_print(
			to, "%s%s", i > 0 ? "," : "", pci_addr_format(vm->functions[i], address));
	text_print(to, " %s\n", vm->target);
	if (vm->has_hook)
		text_print(to, HOOK "%016" PRIx64 " %u %s\n", vm->hook, vm->hook_dirs, vm->target);
}

int setup_state_write(const struct setup_state *s, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	_cleanup_(text_done) struct text now = {0};

	if (mkdir(SETUP_STATE_DIR, 0755) < 0 && errno != EEXIST)
		return err_set(
			err, errno, "%s: can't make it: %s", SETUP_STATE_DIR, strerror(errno));
	if (s->config && s->knows_before && s->had_file)
		text_print(&now, CONFIG_BEFORE "%016" PRIx64 "\n", s->before);
	else if (s->config)
		text_print(&now, "%s\n", s->knows_before ? CONFIG_BEFORE "none" : "config");
	for (size_t i = 0; i < s->n_changes; i++)
		text_print(&now, BOOTCFG "%u\n", s->change[i]);
	if (s->trial)
		text_print(&now, "trial\n");
	if (s->images)
		text_print(&now, "images\n");
	if (s->images && s->made)
		text_print(&now, "made\n");
	if (s->images && s->archive)
		text_print(&now, "archive\n");
	for (size_t i = 0; i < s->n_vms; i++)
		write_vm(&s->vm[i], &now);
	if (now.failed)
		return err_set(err, ENOMEM, "out of memory");
	int r = txn_place_host(SETUP_STATE_DIR "/" STATE_NAME, &p, err);
	return r < 0 ? r : txn_set(&p, (struct txn_bytes){now.data, now.len}, 0644, STATE_MAX, err);
}

/* The highest number of a change up to `most`, 0: none. Their names have leading
 * zeros. */
static unsigned last_change(unsigned most)
{
	_cleanup_(strings_done) struct strings names = {0};
	unsigned long last = 0, number;

	/* Without the directory, or the memory to read it, there is no change to be undone. */
	if (dir_list(&names, AT_FDCWD, CHANGES_DIR, NULL, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++)
		if (str_decimal(names.v[i], most, &number) && number > last)
			last = number;
	return (unsigned)last;
}

unsigned setup_last_change(void)
{
	return last_change(999999);
}

bool setup_change_exists(unsigned change)
{
	return last_change(change) == change;
}
