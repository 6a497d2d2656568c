/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/journal_store.h"

#include "base/file.h"
#include "base/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MADE "made" /* the directories that were made for the journal, innermost first */

/* The parents of the journal, made where they are missing. */
static const char *const parents[] = {"var", "var/lib", JOURNAL_DIR, NULL};

static int parents_make(const struct root *r, struct text *made)
{
	for (const char *const *p = parents; *p; p++) {
		_cleanup_(fd_close) int have = root_fd(r, *p, O_PATH | O_DIRECTORY);
		if (have >= 0)
			continue;
		const char *name = strrchr(*p, '/') ? strrchr(*p, '/') + 1 : *p;
		_cleanup_(str_free) char *dir = strndup(*p, (size_t)(name - *p));
		_cleanup_(fd_close) int fd = dir ? root_fd(r, dir, O_RDONLY | O_DIRECTORY)
						 : -ENOMEM;
		if (fd < 0)
			return fd;
		if (mkdirat(fd, name, str_equal(*p, JOURNAL_DIR) ? 0700 : 0755) < 0 &&
			errno != EEXIST)
			return -errno;
		if (!str_equal(*p, JOURNAL_DIR))
			text_print(made, "%s\n", *p);
	}
	return made->failed ? -ENOMEM : 0;
}

static int store_lock(const struct root *r, enum store_use use, struct store *ret)
{
	struct stat here, there;
	_cleanup_(fd_close) int fd = root_fd(r, JOURNAL_DIR, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	while (use != STORE_LOOK && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	/* Whoever held it may have removed the directory with its last change. */
	_cleanup_(fd_close) int again = root_fd(r, JOURNAL_DIR, O_PATH | O_DIRECTORY);
	if (again < 0 || fstat(fd, &here) < 0 || fstat(again, &there) < 0 ||
		here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return -EAGAIN;
	ret->dir = fd;
	ret->root = r;
	fd = -1;
	return 0;
}

int store_open(const struct root *r, enum store_use use, struct store *ret, struct err *err)
{
	_cleanup_(text_done) struct text made = {0};
	int rc = -EAGAIN;

	while (rc == -EAGAIN) {
		rc = use == STORE_ADD ? parents_make(r, &made) : 0;
		if (rc == 0)
			rc = store_lock(r, use, ret);
	}
	if (rc == 0 && made.len > 0) {
		struct replacement to = {.data = made.data, .len = made.len, .mode = 0600};
		rc = file_replace(ret->dir, MADE, &to, NULL);
	}
	if (rc == -ENOENT && use != STORE_ADD)
		return err_set(err, ENOENT, "there is no change to undo");
	return rc < 0 ? err_set(err, -rc, "/%s: can't open it: %s", JOURNAL_DIR, strerror(-rc)) : 0;
}

void store_close(struct store *st)
{
	fd_close(&st->dir);
}

static void dir_remove(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		fd_close(&fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		if (!str_equal(e->d_name, ".") && !str_equal(e->d_name, ".."))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

void store_clean(struct store *st)
{
	_cleanup_(str_free) char *made = NULL;
	size_t len = 0, n = 0;
	unsigned *ids = NULL;

	if (st->dir < 0 || store_ids(st, &ids, &n) < 0)
		return;
	free(ids);
	if (n > 0)
		return;
	(void)!file_read(st->dir, MADE, 4096, &made, &len, NULL);
	(void)unlinkat(st->dir, MADE, 0);
	file_tidy(st->dir, MADE);
	_cleanup_(fd_close) int lib = root_fd(st->root, "var/lib", O_RDONLY | O_DIRECTORY);
	if (lib < 0 || unlinkat(lib, strrchr(JOURNAL_DIR, '/') + 1, AT_REMOVEDIR) < 0)
		return;
	/* Outermost first in the file; only what is empty goes. */
	_cleanup_(fd_close) int var = root_fd(st->root, "var", O_RDONLY | O_DIRECTORY);
	_cleanup_(fd_close) int top = root_fd(st->root, "", O_RDONLY | O_DIRECTORY);
	if (made && strstr(made, "var/lib\n") && var >= 0)
		(void)unlinkat(var, "lib", AT_REMOVEDIR);
	if (made && str_starts(made, "var\n") && top >= 0)
		(void)unlinkat(top, "var", AT_REMOVEDIR);
}

static int id_compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return x < y ? -1 : x > y;
}

int store_ids(const struct store *st, unsigned **ret, size_t *ret_n)
{
	int fd = openat(st->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned *ids = NULL;
	size_t n = 0;

	if (!d) {
		int rc = -errno;
		fd_close(&fd);
		return rc;
	}
	for (struct dirent *e; (e = readdir(d));) {
		unsigned long id;
		if (strlen(e->d_name) < 4 || !str_decimal(e->d_name, 999999, &id))
			continue;
		unsigned *more = realloc(ids, (n + 1) * sizeof(*ids));
		if (!more)
			break;
		ids = more;
		ids[n++] = (unsigned)id;
	}
	closedir(d);
	if (n > 1)
		qsort(ids, n, sizeof(*ids), id_compare);
	*ret = ids;
	*ret_n = n;
	return 0;
}

int store_write(struct store *st, struct stored *s, struct err *err)
{
	unsigned *ids = NULL;
	size_t n = 0;
	char name[16], part[32];

	int rc = store_ids(st, &ids, &n);
	if (rc < 0)
		return err_set(err, -rc, "/%s: can't list it: %s", JOURNAL_DIR, strerror(-rc));
	s->id = n > 0 ? ids[n - 1] + 1 : 1;
	free(ids);
	(void)snprintf(name, sizeof(name), "%04u", s->id);
	(void)snprintf(part, sizeof(part), "%s.part", name);
	dir_remove(st->dir, part); /* left by a power loss before anything was changed */
	if (mkdirat(st->dir, part, 0700) < 0)
		rc = -errno;
	_cleanup_(fd_close) int dir =
		rc < 0 ? -1 : openat(st->dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0)
		rc = dir < 0 ? -errno : stored_write(dir, s);
	if (rc == 0)
		rc = file_rename(st->dir, part, name);
	if (rc < 0) {
		dir_remove(st->dir, part);
		dir_remove(st->dir, name); /* renamed, and then it could not be flushed */
		return err_set(err, -rc,
			"/%s: can't keep the old files there, so nothing is changed: %s",
			JOURNAL_DIR, strerror(-rc));
	}
	return 0;
}

int store_read(const struct store *st, unsigned id, struct stored *ret, struct err *err)
{
	_cleanup_(stored_done) struct stored s = {0};
	unsigned *ids = NULL;
	size_t n = 0;
	char name[16];

	int rc = store_ids(st, &ids, &n);
	s.id = id ? id : n > 0 ? ids[n - 1] : 0;
	free(ids);
	if (rc < 0)
		return err_set(err, -rc, "/%s: can't list it: %s", JOURNAL_DIR, strerror(-rc));
	if (s.id == 0)
		return err_set(err, ENOENT, "there is no change to undo");
	(void)snprintf(name, sizeof(name), "%04u", s.id);
	_cleanup_(fd_close) int dir = openat(st->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, errno, "there is no change %u; --history lists them", s.id);
	rc = stored_read(dir, &s);
	if (rc < 0)
		return err_set(
			err, -rc, "/%s/%s: can't be read: %s", JOURNAL_DIR, name, strerror(-rc));
	*ret = s;
	s = (struct stored){0};
	return 0;
}

int store_remove(struct store *st, unsigned id, struct err *err)
{
	char name[16], part[32];

	/* First out of sight in one step, then piece by piece. */
	(void)snprintf(name, sizeof(name), "%04u", id);
	(void)snprintf(part, sizeof(part), "%s.part", name);
	int rc = file_rename(st->dir, name, part);
	if (rc < 0)
		return err_set(
			err, -rc, "/%s/%s: can't remove it: %s", JOURNAL_DIR, name, strerror(-rc));
	dir_remove(st->dir, part);
	return 0;
}
