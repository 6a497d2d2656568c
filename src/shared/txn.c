/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/txn.h"

#include "base/file.h"
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- places ---------------------------------------------------------------------------------- */

void txn_place_done(struct txn_place *p)
{
	fd_close(&p->dir);
	str_free(&p->name);
	str_free(&p->path);
}

int txn_place_below(const struct root *r, const char *path, struct txn_place *ret, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;

	if (asprintf(&p.path, "/%s", path) < 0) {
		p.path = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	int rc = root_locate(r, path, &p.dir, &p.name, err);
	if (rc < 0)
		return rc;
	*ret = p;
	p = (struct txn_place)TXN_NOWHERE;
	return 0;
}

int txn_place_host(const char *path, struct txn_place *ret, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	_cleanup_(str_free) char *copy = NULL;

	p.path = realpath(path, NULL);
	if (!p.path && errno == ENOENT)
		p.path = strdup(path);
	copy = p.path ? strdup(p.path) : NULL;
	if (!copy)
		return err_set(err, errno, "%s: %s", path, strerror(errno));
	const char *slash = strrchr(p.path, '/');
	p.name = strdup(slash ? slash + 1 : p.path);
	if (!p.name)
		return err_set(err, ENOMEM, "out of memory");
	p.dir = open(dirname(copy), O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (p.dir < 0)
		return err_set(
			err, errno, "%s: can't open its directory: %s", path, strerror(errno));
	*ret = p;
	p = (struct txn_place)TXN_NOWHERE;
	return 0;
}

int txn_place_beside(
	const struct txn_place *p, const char *suffix, struct txn_place *ret, struct err *err)
{
	struct txn_place beside = {.dir = fcntl(p->dir, F_DUPFD_CLOEXEC, 3)};

	if (beside.dir < 0)
		return err_set(
			err, errno, "%s: can't open its directory: %s", p->path, strerror(errno));
	if (asprintf(&beside.name, "%s%s", p->name, suffix) < 0)
		beside.name = NULL;
	if (asprintf(&beside.path, "%s%s", p->path, suffix) < 0)
		beside.path = NULL;
	*ret = beside;
	return beside.name && beside.path ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* ---- one file -------------------------------------------------------------------------------- */

struct txn_owner txn_owner_caller(mode_t mode)
{
	return (struct txn_owner){.mode = mode, .uid = geteuid(), .gid = getegid()};
}

int txn_put(const struct txn_place *p, struct txn_bytes from, struct txn_bytes to,
	const struct txn_owner *created, struct err *err)
{
	struct err reason = {0};
	int rc = 0;

	if (to.data) {
		const struct replacement with = {.data = to.data,
			.len = to.len,
			.old = from.data,
			.old_len = from.len,
			.mode = created->mode,
			.uid = created->uid,
			.gid = created->gid};
		rc = file_replace(p->dir, p->name, &with, &reason);
	} else if (from.data) {
		rc = file_remove(p->dir, p->name, from.data, from.len, &reason);
	}
	if (rc == -EROFS)
		return err_set(err, EROFS,
			"%s: its file system is read-only; remount it with `mount -o remount,rw`, then run this again",
			p->path);
	return rc < 0 ? err_set(err, -rc, "%s: %.400s", p->path, reason.text) : 0;
}

int txn_put_host(const char *path, struct txn_bytes from, struct txn_bytes to, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place place = TXN_NOWHERE;
	static const struct txn_owner none = {0}; /* the file is there */

	if (txn_same(from.data, from.len, to.data, to.len))
		return 0;
	int r = txn_place_host(path, &place, err);
	return r < 0 ? r : txn_put(&place, from, to, &none, err);
}

int txn_set(
	const struct txn_place *p, struct txn_bytes to, mode_t mode, size_t max, struct err *err)
{
	_cleanup_(str_free) char *old = NULL;
	const struct txn_owner created = txn_owner_caller(mode);
	size_t len = 0;

	int rc = file_read(p->dir, p->name, max, &old, &len, NULL);
	if (rc < 0 && rc != -ENOENT)
		return err_set(err, -rc, "%s: can't be read: %s", p->path, strerror(-rc));
	return txn_put(p, (struct txn_bytes){old, len}, to, &created, err);
}

bool txn_is_kept(const struct txn_place *copy)
{
	return faccessat(copy->dir, copy->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int txn_restore_kept(const struct txn_place *p, const struct txn_place *copy, struct txn_bytes now,
	struct err *err)
{
	const struct txn_bytes none = {0};
	const struct txn_owner owner = {0};

	if (!txn_is_kept(copy))
		return txn_put(p, now, none, &owner, err);
	int rc = file_rename(p->dir, copy->name, p->name);
	return rc < 0 ? err_set(err, -rc, "%s: can't restore it: %s", copy->path, strerror(-rc))
		      : 0;
}

/* ---- several files --------------------------------------------------------------------------- */

bool txn_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a && b && a_len == b_len && memcmp(a, b, a_len) == 0;
}

void txn_file_done(struct txn_file *f)
{
	free(f->path);
	free(f->old);
	free(f->text);
	free(f->made);
	*f = (struct txn_file){0};
}

/* Which content a file has. */
enum txn_now { TXN_NEW, TXN_OLD, TXN_OTHER };

static int txn_file_now(
	const struct root *r, const struct txn_file *f, enum txn_now *ret, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0;
	int rc = root_read(r, f->path, &text, &len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (txn_same(text, len, f->text, f->len))
		*ret = TXN_NEW;
	else if ((!text && !f->old) || txn_same(text, len, f->old, f->old_len))
		*ret = TXN_OLD;
	else
		*ret = TXN_OTHER;
	return 0;
}

int txn_missing_dir(const struct root *r, const char *path, char **ret)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_(str_free) char *dir = strndup(path, (size_t)(slash - path));
		_cleanup_(fd_close) int fd = dir ? root_fd(r, dir, O_PATH) : -ENOMEM;
		if (!dir)
			return -ENOMEM;
		if (fd != -ENOENT)
			continue;
		*ret = dir;
		dir = NULL;
		return 0;
	}
	return 0;
}

static int dir_make(const struct root *r, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_(str_free) char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);
	_cleanup_(fd_close) int fd = parent ? root_fd(r, parent, O_RDONLY | O_DIRECTORY) : -ENOMEM;

	return fd < 0 ? fd : file_make_dir(fd, name);
}

/* The directories of a file, outermost first, from the one that is missing on. */
static int dirs_make(const struct root *r, const struct txn_file *f, struct err *err)
{
	for (const char *slash = f->path + strlen(f->made); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_(str_free) char *dir = strndup(f->path, (size_t)(slash - f->path));
		int rc = dir ? dir_make(r, dir) : -ENOMEM;
		if (rc < 0)
			return err_set(
				err, -rc, "/%s: can't make the directory: %s", dir, strerror(-rc));
	}
	return 0;
}

void txn_dirs_remove(const struct root *r, const struct txn_file *f)
{
	_cleanup_(str_free) char *path = f->made ? strdup(f->path) : NULL;

	for (char *slash; path && (slash = strrchr(path, '/')) &&
			  (size_t)(slash - path) >= strlen(f->made);) {
		*slash = '\0';
		const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
		_cleanup_(str_free) char *parent = strndup(path, (size_t)(name - path));
		_cleanup_(fd_close) int fd = parent ? root_fd(r, parent, O_RDONLY | O_DIRECTORY)
						    : -ENOMEM;
		/* Not made, or removed before an interruption: the ones around it go all the same.
		 */
		if (fd == -ENOENT)
			continue;
		/* Flushed, so that no power loss brings it back when the journal has forgotten it.
		 */
		if (fd < 0 || (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT) ||
			file_sync_dir(fd) < 0)
			return;
	}
}

static int file_write(const struct root *r, const struct txn_file *f, bool back, struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	const struct txn_bytes old = {f->old, f->old_len}, text = {f->text, f->len};
	int rc = f->made && !back ? dirs_make(r, f, err) : 0;

	if (rc == 0)
		rc = txn_place_below(r, f->path, &p, err);
	return rc < 0 ? rc : txn_put(&p, back ? text : old, back ? old : text, &f->owner, err);
}

int txn_write(
	const struct root *r, const struct txn_file *v, size_t n, size_t *ret_done, struct err *err)
{
	for (*ret_done = 0; *ret_done < n;) {
		int rc = file_write(r, &v[(*ret_done)++], false, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int txn_revert(const struct root *r, const struct txn_file *v, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = n; i-- > 0;) {
		enum txn_now now;
		int one = txn_file_now(r, &v[i], &now, err);
		if (one == 0 && now == TXN_NEW)
			one = file_write(r, &v[i], true, err);
		if (one == 0 && now != TXN_OTHER)
			txn_dirs_remove(r, &v[i]);
		rc = one < 0 ? one : rc;
	}
	return rc;
}
