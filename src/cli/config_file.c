/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/config_file.h"

#include "base/file.h"
#include "base/replace.h"
#include "base/str.h"
#include "core/config.h"
#include "shared/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "# Written by vfio-bind init (%016" PRIx64 "). The file before: %s\n"
#define BEGINNING "# Written by vfio-bind init ("
#define NO_FILE_BEFORE "there was none"
#define BEFORE_INIT ".before-init"

/* The directory of a file and its name in it, with symbolic links resolved. */
struct place {
	char *path, *copy;
	const char *name;
	int dir;
};

static void place_done(struct place *p)
{
	fd_close(&p->dir);
	free(p->path);
	free(p->copy);
}

static int place_find(struct place *ret, const char *path, struct err *err)
{
	*ret = (struct place){.dir = -1};
	ret->path = realpath(path, NULL);
	if (!ret->path && errno == ENOENT)
		ret->path = strdup(path);
	ret->copy = ret->path ? strdup(ret->path) : NULL;
	if (!ret->copy)
		return err_set(err, errno, "%s: %s", path, strerror(errno));
	const char *slash = strrchr(ret->path, '/');
	ret->name = slash ? slash + 1 : ret->path;
	ret->dir = open(dirname(ret->copy), O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (ret->dir < 0)
		return err_set(
			err, errno, "%s: can't open its directory: %s", path, strerror(errno));
	return 0;
}

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

/* Finds the first line that selects something, or differs from an empty file. */
static void find_settings(struct config_file *f)
{
	_cleanup_(config_done) struct config c = {0};

	if (config_parse(&c, f->path, f->data, f->len) < 0) {
		f->says_something = true;
		return;
	}
	if (c.n_selectors > 0)
		f->line = c.selectors[0].line;
	else if (c.n_settings > 0)
		f->line = c.settings[0].line;
	f->says_something = c.n_selectors > 0 || c.n_settings > 0 || c.n_before > 0 ||
			    c.options[0] || !c.companions || c.may_take_boot_vga ||
			    c.may_take_last_display || c.may_take_network || c.may_take_keyboard ||
			    c.hold_on_failure || c.load_in_background;
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
	if (!f.ours)
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

/* Keeps the previous file beside the new one, in place of that of an earlier init, now useless. */
static int keep_backup(const struct place *p, const struct config_file *f, const char *backup_name,
	struct err *err)
{
	_cleanup_(str_free) char *old = NULL;
	size_t old_len = 0;

	int r = file_read(p->dir, backup_name, CONFIG_MAX, &old, &old_len, NULL);
	if (r < 0 && r != -ENOENT)
		return err_set(
			err, -r, "%s%s: can't be read: %s", f->path, BEFORE_INIT, strerror(-r));
	const struct replacement to = {
		.data = f->data, .len = f->len, .old = old, .old_len = old_len, .mode = 0644};
	return file_replace(p->dir, backup_name, &to, err);
}

int config_file_write(const struct config_file *f, const char *body, size_t len, struct err *err)
{
	_cleanup_(place_done) struct place p = {.dir = -1};
	_cleanup_(text_done) struct text all = {0};
	_cleanup_(str_free) char *backup_name = NULL;

	int r = place_find(&p, f->path, err);
	if (r < 0)
		return r;
	if (asprintf(&backup_name, "%s" BEFORE_INIT, p.name) < 0)
		return err_set(err, ENOMEM, "out of memory");
	bool keeps = f->ours && faccessat(p.dir, backup_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (f->data && !f->ours) {
		r = keep_backup(&p, f, backup_name, err);
		if (r < 0)
			return r;
		keeps = true;
	}
	text_print(&all, FIRST_LINE, str_hash(body, len), keeps ? backup_name : NO_FILE_BEFORE);
	text_add(&all, body, len);
	if (all.failed)
		return err_set(err, ENOMEM, "out of memory");
	const struct replacement to = {
		.data = all.data, .len = all.len, .old = f->data, .old_len = f->len, .mode = 0644};
	return file_replace(p.dir, p.name, &to, err);
}

int config_file_undo(const struct config_file *f, bool force, struct err *err)
{
	_cleanup_(place_done) struct place p = {.dir = -1};
	_cleanup_(str_free) char *backup_name = NULL;

	if (!f->ours && !f->edited)
		return 0;
	if (f->edited && !force)
		return err_set(err, EBUSY, "%s: was changed since init wrote it", f->path);
	int r = place_find(&p, f->path, err);
	if (r < 0)
		return r;
	if (asprintf(&backup_name, "%s" BEFORE_INIT, p.name) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (faccessat(p.dir, backup_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		r = file_rename(p.dir, backup_name, p.name);
		return r < 0 ? err_set(err, -r, "%s: can't be put back: %s", backup_name,
				       strerror(-r))
			     : 1;
	}
	r = file_remove(p.dir, p.name, f->data, f->len, err);
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
