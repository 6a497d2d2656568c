/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/journal_store.h"

#include "base/file.h"
#include "base/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
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
		return err_set(err, ENOENT, "there is no change to take back");
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

void stored_done(struct stored *s)
{
	for (size_t i = 0; i < s->files; i++) {
		free(s->file[i].path);
		free(s->file[i].old);
		free(s->file[i].text);
		strings_done(&s->file[i].added);
		strings_done(&s->file[i].removed);
	}
	free(s->file);
	free(s->when);
	free(s->what);
	*s = (struct stored){0};
}

static char *copy_of(const char *data, size_t len)
{
	char *copy = data ? malloc(len + 1) : NULL;
	if (copy) {
		memcpy(copy, data, len);
		copy[len] = '\0';
	}
	return copy;
}

static char *time_text(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return strdup("-");
	return strdup(text);
}

static int words_copy(const struct strings *from, struct strings *to)
{
	for (size_t i = 0; from && i < from->n; i++)
		if (strings_add(to, from->v[i]) < 0)
			return -ENOMEM;
	return 0;
}

int stored_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct stored *ret, struct err *err)
{
	_cleanup_(stored_done) struct stored s = {.when = time_text(), .what = strdup(what)};

	s.file = calloc(n + 1, sizeof(*s.file));
	if (!s.when || !s.what || !s.file)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++, s.files++) {
		struct stored_file *f = &s.file[i];
		struct stat st;
		*f = (struct stored_file){.path = strdup(files[i].path),
			.old = copy_of(files[i].old, files[i].old_len),
			.old_len = files[i].old_len,
			.text = copy_of(files[i].text, files[i].len),
			.len = files[i].len,
			.mode = 0644};
		if (!f->path || !f->text || (files[i].old && !f->old) ||
			words_copy(files[i].added, &f->added) < 0 ||
			words_copy(files[i].removed, &f->removed) < 0) {
			s.files++;
			return err_set(err, ENOMEM, "out of memory");
		}
		_cleanup_(fd_close) int fd = root_fd(r, f->path, O_PATH);
		if (fd >= 0 && fstat(fd, &st) == 0) {
			f->mode = st.st_mode & 07777;
			f->uid = st.st_uid;
			f->gid = st.st_gid;
		}
	}
	*ret = s;
	s = (struct stored){0};
	return 0;
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

static int bytes_write(int dir, const char *name, const char *data, size_t len)
{
	struct replacement to = {.data = data, .len = len, .mode = 0600};
	return file_replace(dir, name, &to, NULL);
}

static void words_print(struct text *t, const char *how, const struct strings *words)
{
	for (size_t i = 0; i < words->n; i++)
		text_print(t, "%s %s\n", how, words->v[i]);
}

static int change_write(int dir, const struct stored *s)
{
	_cleanup_(text_done) struct text t = {0};
	char name[32];

	text_print(&t, "version 1\nwhen %s\nwhat %s\n", s->when, s->what);
	for (size_t i = 0; i < s->files; i++) {
		const struct stored_file *f = &s->file[i];
		text_print(&t, "file %zu %o %" PRIuMAX " %" PRIuMAX " %s %s\n", i,
			(unsigned)f->mode, (uintmax_t)f->uid, (uintmax_t)f->gid,
			f->old ? "replaced" : "created", f->path);
		words_print(&t, "added", &f->added);
		words_print(&t, "removed", &f->removed);
		(void)snprintf(name, sizeof(name), "%zu.new", i);
		int rc = bytes_write(dir, name, f->text, f->len);
		(void)snprintf(name, sizeof(name), "%zu.old", i);
		if (rc == 0 && f->old)
			rc = bytes_write(dir, name, f->old, f->old_len);
		if (rc < 0)
			return rc;
	}
	return t.failed ? -ENOMEM : bytes_write(dir, "change", t.data, t.len);
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
		rc = dir < 0 ? -errno : change_write(dir, s);
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

static int file_line_read(int dir, const char *line, struct stored *s)
{
	unsigned mode;
	uintmax_t uid, gid;
	size_t index;
	char how[16];
	int path = 0;
	char name[32];

	if (sscanf(line, "file %zu %o %ju %ju %15s %n", &index, &mode, &uid, &gid, how, &path) <
			5 ||
		path == 0 || index != s->files)
		return -EBADMSG;
	struct stored_file *v = realloc(s->file, (s->files + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->file = v;
	struct stored_file *f = &v[s->files++];
	*f = (struct stored_file){.path = strdup(line + path),
		.mode = (mode_t)mode,
		.uid = (uid_t)uid,
		.gid = (gid_t)gid};
	(void)snprintf(name, sizeof(name), "%zu.new", index);
	int rc = f->path ? file_read(dir, name, (size_t)16 << 20, &f->text, &f->len, NULL)
			 : -ENOMEM;
	(void)snprintf(name, sizeof(name), "%zu.old", index);
	if (rc == 0 && str_equal(how, "replaced"))
		rc = file_read(dir, name, (size_t)16 << 20, &f->old, &f->old_len, NULL);
	return rc;
}

static int change_read(int dir, struct stored *s)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	int rc = file_read(dir, "change", (size_t)1 << 20, &text, &len, NULL);
	char *rest = text;

	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		char **to = str_starts(line, "when ")   ? &s->when
			    : str_starts(line, "what ") ? &s->what
							: NULL;
		if (to) {
			free(*to);
			*to = strdup(line + 5);
			rc = *to ? 0 : -ENOMEM;
		} else if (str_starts(line, "file ")) {
			rc = file_line_read(dir, line, s);
		} else if (str_starts(line, "added ") && s->files > 0) {
			rc = strings_add(&s->file[s->files - 1].added, line + strlen("added "));
		} else if (str_starts(line, "removed ") && s->files > 0) {
			rc = strings_add(&s->file[s->files - 1].removed, line + strlen("removed "));
		} else if (line[0] && !str_equal(line, "version 1")) {
			rc = -EBADMSG;
		}
	}
	return rc == 0 && (!s->when || !s->what) ? -EBADMSG : rc;
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
		return err_set(err, ENOENT, "there is no change to take back");
	(void)snprintf(name, sizeof(name), "%04u", s.id);
	_cleanup_(fd_close) int dir = openat(st->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, errno, "there is no change %u; --history lists them", s.id);
	rc = change_read(dir, &s);
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
