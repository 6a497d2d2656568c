/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/own.h"

#include "base/file.h"
#include "base/log.h"
#include "base/replace.h"
#include "bootcfg/loader/bls_own.h"
#include "bootcfg/loader/loader.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void own_plan_done(struct own_plan *p)
{
	file_edits_done(&p->files);
	strings_done(&p->stale);
	strings_done(&p->cut);
}

bool own_is_used(const struct root *r)
{
	return root_is_file(r, OWN_ENTRIES_LIST);
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

static bool is_wanted(const struct file_edits *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->v[i].path, path))
			return true;
	return false;
}

/* What base/replace leaves beside a file if the power fails: .NAME.vfio-new. */
static int cut_find(const struct root *r, const char *dir, struct own_plan *p)
{
	_cleanup_(strings_done) struct strings names = {0};
	static const char new[] = ".vfio-new";
	int rc = 0;

	(void)!root_list(r, dir, new, &names);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		const char *name = names.v[i];
		char path[2048];
		if (name[0] != '.' || !strstr(name, OWN_PROFILE_TAIL))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%.*s", dir,
			(int)(strlen(name + 1) - strlen(new)), name + 1);
		rc = strings_add(&p->cut, path);
	}
	return rc;
}

static int directory_look(const struct root *r, const char *boot, struct own_plan *p)
{
	_cleanup_(strings_done) struct strings names = {0};
	char dir[1024], path[2048];
	(void)snprintf(dir, sizeof(dir), "%s/loader/entries", boot);
	int rc = cut_find(r, dir, p);
	(void)!root_list(r, dir, ".conf", &names);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		_cleanup_(str_free) char *text = NULL;
		size_t len = 0;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names.v[i]);
		if (!is_wanted(&p->files, path) && root_read(r, path, &text, &len, NULL) == 0 &&
			bls_own_is_copy(names.v[i], text, len))
			rc = strings_add(&p->stale, path);
	}
	return rc;
}

static int stale_find(const struct root *r, struct own_plan *p, struct err *err)
{
	_cleanup_(detect_done) struct detect s = {0};
	int rc = detect_make(r, &s, err);

	for (size_t i = 0; i < s.boots.n && rc == 0; i++)
		if (directory_look(r, s.boots.v[i], p) < 0)
			rc = err_set(err, ENOMEM, "out of memory");
	return rc;
}

static int wanted_find(const struct root *r, const char *loader, const struct own_entries *list,
	struct own_plan *p, struct err *err)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	const struct karg_ops nothing = {0};
	const struct loaders_options lo = {
		.loader = loader ? loader : list->loader, .request = &nothing};
	int rc = loaders_find(r, &lo, &l, err);

	for (size_t i = 0; i < l.found_n && rc == 0; i++)
		if (l.found[i]->own_files)
			rc = l.found[i]->own_files(r, &l, list, &p->files, err);
	return rc;
}

int own_plan_make(const struct root *r, const char *loader, struct own_plan *ret, struct err *err)
{
	_cleanup_(own_entries_done) struct own_entries list = {0};
	int rc = own_entries_read(r, &list, err);

	if (rc == 0 && list.n > 0)
		rc = wanted_find(r, loader, &list, ret, err);
	return rc < 0 ? rc : stale_find(r, ret, err);
}

bool own_plan_is_empty(const struct own_plan *p)
{
	return !file_edits_changed(&p->files) && p->stale.n == 0;
}

/* ---- on the disk -------------------------------------------------------------------------------
 */

static int file_write(const struct root *r, const struct file_edit *f, struct err *err)
{
	_cleanup_(fd_close) int dir = -1;
	_cleanup_(str_free) char *name = NULL;
	struct replacement to = replacement_of_caller(f->text, f->len, 0644);
	int rc = root_locate(r, f->path, &dir, &name, err);

	to.old = f->old;
	to.old_len = f->old_len;
	return rc < 0 ? rc : file_replace(dir, name, &to, err);
}

static int stale_remove(const struct root *r, const char *path, struct err *err)
{
	_cleanup_(fd_close) int dir = -1;
	_cleanup_(str_free) char *name = NULL, *text = NULL;
	size_t len = 0;
	int rc = root_read(r, path, &text, &len, err);

	if (rc == 0)
		rc = root_locate(r, path, &dir, &name, err);
	return rc < 0 ? rc : file_remove(dir, name, text, len, err);
}

static void cut_remove(const struct root *r, const char *path)
{
	_cleanup_(fd_close) int dir = -1;
	_cleanup_(str_free) char *name = NULL;

	if (root_locate(r, path, &dir, &name, NULL) == 0)
		file_tidy(dir, name);
}

static int plan_write(
	const struct root *r, const struct own_plan *p, struct strings *created, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->cut.n; i++)
		cut_remove(r, p->cut.v[i]);
	for (size_t i = 0; i < p->stale.n && rc == 0; i++)
		rc = stale_remove(r, p->stale.v[i], err);
	for (size_t i = 0; i < p->files.n && rc == 0; i++) {
		const struct file_edit *f = &p->files.v[i];
		if (f->text)
			rc = file_write(r, f, err);
		if (rc == 0 && f->text && !f->old && created && strings_add(created, f->path) < 0)
			rc = err_set(err, ENOMEM, "out of memory");
	}
	return rc;
}

int own_sync(const struct root *r, const char *loader, struct strings *created, struct err *err)
{
	_cleanup_(own_plan_done) struct own_plan p = {0};
	int rc = own_plan_make(r, loader, &p, err);

	return rc < 0 ? rc : plan_write(r, &p, created, err);
}

enum cmd_result cmd_refresh(const struct args *a, const struct root *r, struct err *err)
{
	_cleanup_(own_plan_done) struct own_plan p = {0};
	int rc = own_plan_make(r, a->loader, &p, err);

	if (rc == 0 && (a->check || a->dry_run))
		return own_plan_is_empty(&p) || !a->check ? CMD_DONE : CMD_DIFFERS;
	if (rc == 0)
		rc = plan_write(r, &p, NULL, err);
	if (rc < 0)
		return cmd_failure(rc);
	for (size_t i = 0; i < p.stale.n && !a->quiet; i++)
		log_print(LOG_NOTICE, "removed /%s", p.stale.v[i]);
	for (size_t i = 0; i < p.files.n && !a->quiet; i++)
		if (p.files.v[i].text)
			log_print(LOG_NOTICE, "wrote /%s", p.files.v[i].path);
	return CMD_DONE;
}
