/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/initrd_addon.h"

#include "bootcfg/initrd.h"
#include "bootcfg/loader/entry_pick.h"
#include "bootcfg/loader/uki_entries.h"
#include "bootcfg/ukify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARCHIVE_MAX ((size_t)16 << 20)

bool initrd_addon_is_for(const struct args *a, const struct root *r, const struct boot_entry *e)
{
	_cleanup_(uki_done) struct uki u = {0};

	if (!e->image.path || e->image.state != BOOT_FILE_THERE || e->no_linux || !e->ours)
		return false;
	if (a->entry ? !entry_is_picked(e, a->entry) : e->way_back != NULL)
		return false;
	return uki_read(r, e->image.path, &u) == 0 && u.is_image;
}

char *initrd_addon_path(const struct boot_entry *e)
{
	struct text path = {0};

	uki_addons_print(e->image.path, &path);
	text_print(&path, "/" INITRD_ADDON_NAME);
	if (path.failed)
		text_done(&path);
	return path.data;
}

static int image_check(const char *path, const struct uki *u, struct err *err)
{
	_cleanup_(text_done) struct text version = {0};

	if (u->stub >= STUB_INITRDS)
		return 0;
	if (u->stub > 0)
		text_print(&version, "is version %u", u->stub);
	else
		text_print(&version, "does not say which version it is");
	return err_set(err, EINVAL,
		"/%s: its systemd-stub %s, and the archive of an addon is read from %d on: nothing is changed; have the image made with a newer one, or with the archive in it (ukify build --initrd)",
		path, version.data ? version.data : "", STUB_INITRDS);
}

static bool is_made(const struct root *r, const char *path, const struct ukify_job *j)
{
	_cleanup_(uki_done) struct uki now = {0};

	return uki_read(r, path, &now) == 0 && !now.is_image && (now.is_signed || !j->key) &&
	       (j->line ? now.cmdline && str_equal(now.cmdline, j->line) : !now.cmdline) &&
	       (j->uname ? now.uname && str_equal(now.uname, j->uname) : !now.uname) &&
	       uki_holds(r, path, ".initrd", j->data, j->len);
}

static int addon_add(const struct root *r, const struct boot_entry *e, struct ukify_job *j,
	struct loaders *l, struct file_edits *s, struct err *err)
{
	_cleanup_(uki_done) struct uki u = {0};
	_cleanup_(str_free) char *path = initrd_addon_path(e);
	int rc = uki_read(r, e->image.path, &u);

	if (!path || rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	rc = image_check(e->image.path, &u, err);
	if (rc < 0)
		return rc;
	j->uname = u.uname;
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->v[i].path, path))
			return 0; /* another profile of the same image */
	if (is_made(r, path, j))
		return 0;
	const char *why = ukify_lacks(j, secure_boot_read(r));
	return why ? ukify_leave(l, j, path, why, err) : ukify_file_make(r, path, j, s, err);
}

int initrd_addon_plan(const struct args *a, const struct root *r, const struct boot_entries *o,
	struct loaders *l, struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	_cleanup_(text_done) struct text line = {0};
	struct ukify_job j = {.ukify = ukify_find(), .archive = initrd_path(a)};
	int rc = root_read_large(r, initrd_path(a), ARCHIVE_MAX, &data, &j.len, err);

	if (rc == 0 && a->words.n > 0 && !a->entry)
		rc = err_set(err, EINVAL,
			"--initrd: a word in an addon is for the image itself, which then does not boot without the archive: say for which, with --entry ID");
	for (size_t i = 0; i < a->words.n; i++)
		text_print(&line, "%s%s", i > 0 ? " " : "", a->words.v[i].text);
	j.line = line.data;
	j.data = data;
	ukify_key_find(a, r, &j);
	for (size_t i = 0; i < o->n && rc == 0; i++)
		if (initrd_addon_is_for(a, r, &o->v[i]))
			rc = addon_add(r, &o->v[i], &j, l, s, err);
	return rc == 0 && line.failed ? err_set(err, ENOMEM, "out of memory") : rc;
}
