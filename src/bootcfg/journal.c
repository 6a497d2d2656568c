/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/journal.h"

#include "base/file.h"
#include "base/log.h"
#include "base/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/*
 * The directory of the changes, JOURNAL_DIR: NNNN/ is one (journal.h). It is written as NNNN.part,
 * flushed, then renamed: a directory without the suffix is complete. JOURNAL_DIR is also the lock.
 */

/* The numbers of all changes, ascending. */
static int store_ids(const struct journal *st, unsigned **ret, size_t *ret_n) _must_check_;

static const char *const states[] = {[CHANGE_PREPARED] = "prepared",
	[CHANGE_WRITTEN] = "written",
	[CHANGE_REGENERATED] = "regenerated",
	[CHANGE_LEFT] = "left",
	[CHANGE_REVERTING] = "reverting"};

bool change_is_unfinished(enum change_state state)
{
	return state == CHANGE_PREPARED || state == CHANGE_WRITTEN || state == CHANGE_REVERTING;
}

/* ---- backup ---------------------------------------------------------------------------------- */

void backup_done(struct backup *s)
{
	for (size_t i = 0; i < s->files; i++) {
		txn_file_done(&s->file[i]);
		strings_done(&s->words[i].added);
		strings_done(&s->words[i].removed);
	}
	free(s->file);
	free(s->words);
	free(s->when);
	free(s->what);
	*s = (struct backup){0};
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

int backup_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct backup *ret, struct err *err)
{
	_cleanup_(backup_done) struct backup s = {.when = time_text(), .what = strdup(what)};

	s.file = calloc(n + 1, sizeof(*s.file));
	s.words = calloc(n + 1, sizeof(*s.words));
	if (!s.when || !s.what || !s.file || !s.words)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++, s.files++) {
		struct txn_file *f = &s.file[i];
		struct stat st;
		*f = (struct txn_file){.path = strdup(files[i].path),
			.old = copy_of(files[i].old, files[i].old_len),
			.old_len = files[i].old_len,
			.text = copy_of(files[i].text, files[i].len),
			.len = files[i].len,
			.owner = txn_owner_caller(files[i].program ? 0755 : 0644)};
		if (!f->path || !f->text || (files[i].old && !f->old) ||
			txn_missing_dir(r, f->path, &f->made) < 0 ||
			words_copy(files[i].added, &s.words[i].added) < 0 ||
			words_copy(files[i].removed, &s.words[i].removed) < 0) {
			s.files++;
			return err_set(err, ENOMEM, "out of memory");
		}
		_cleanup_(fd_close) int fd = root_fd(r, f->path, O_PATH);
		if (fd >= 0 && fstat(fd, &st) == 0) {
			f->owner.mode = st.st_mode & 07777;
			f->owner.uid = st.st_uid;
			f->owner.gid = st.st_gid;
		}
	}
	*ret = s;
	s = (struct backup){0};
	return 0;
}

int journal_stored_open(int dir, const char *name, mode_t kind)
{
	const struct root here = {.fd = dir};
	struct stat st;
	_cleanup_(fd_close) int fd = root_fd(&here, name, O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != kind)
		return S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	/* Below the descriptor that was looked at: it can't be another file by now. */
	char self[64];
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	int opened = open(self, O_RDONLY | O_CLOEXEC | (S_ISDIR(kind) ? O_DIRECTORY : O_NOCTTY));
	return opened < 0 ? -errno : opened;
}

int journal_stored_read(int dir, const char *name, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_(fd_close) int fd = journal_stored_open(dir, name, S_IFREG);
	char self[64];

	if (fd < 0)
		return fd;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return file_read(AT_FDCWD, self, max, ret, ret_len, NULL);
}

/* Why something of the journal can't be read. */
static const char *stored_why(int rc)
{
	switch (rc) {
	case -ELOOP:
		return "it is a link, and nothing behind one is trusted";
	case -EINVAL:
		return "it is not a regular file";
	case -EPERM:
		return "another user than root may have written it, so it is not trusted";
	case -EBADMSG:
		return "it is damaged";
	default:
		return strerror(-rc);
	}
}

static int bytes_write(int dir, const char *name, const char *data, size_t len)
{
	struct replacement to = replacement_of_caller(data, len, 0600);

	return file_replace(dir, name, &to, NULL);
}

static void words_print(struct text *t, const char *how, const struct strings *words)
{
	for (size_t i = 0; i < words->n; i++)
		text_print(t, "%s %s\n", how, words->v[i]);
}

static int state_write(int dir, enum change_state state)
{
	_cleanup_(str_free) char *old = NULL;
	_cleanup_(text_done) struct text t = {0};
	size_t len = 0;

	int rc = journal_stored_read(dir, "state", 64, &old, &len);
	text_print(&t, "%s\n", states[state]);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (t.failed)
		return -ENOMEM;
	struct replacement to = replacement_of_caller(t.data, t.len, 0600);
	to.old = old;
	to.old_len = len;
	return file_replace(dir, "state", &to, NULL);
}

static int state_read(int dir, enum change_state *ret)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	int rc = journal_stored_read(dir, "state", 64, &text, &len);
	*ret = CHANGE_REGENERATED;
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (str_equal(states[i], text)) {
			*ret = (enum change_state)i;
			return 0;
		}
	return -EBADMSG;
}

int backup_write(int dir, const struct backup *s)
{
	_cleanup_(text_done) struct text t = {0};
	char name[32];

	text_print(&t, "version 1\nwhen %s\nwhat %s\n", s->when, s->what);
	for (size_t i = 0; i < s->files; i++) {
		const struct txn_file *f = &s->file[i];
		text_print(&t, "file %zu %o %" PRIuMAX " %" PRIuMAX " %s %s\n", i,
			(unsigned)f->owner.mode, (uintmax_t)f->owner.uid, (uintmax_t)f->owner.gid,
			f->old ? "replaced" : "created", f->path);
		if (f->made)
			text_print(&t, "made %s\n", f->made);
		words_print(&t, "added", &s->words[i].added);
		words_print(&t, "removed", &s->words[i].removed);
		(void)snprintf(name, sizeof(name), "%zu.new", i);
		int rc = bytes_write(dir, name, f->text, f->len);
		(void)snprintf(name, sizeof(name), "%zu.old", i);
		if (rc == 0 && f->old)
			rc = bytes_write(dir, name, f->old, f->old_len);
		if (rc < 0)
			return rc;
	}
	int rc = t.failed ? -ENOMEM : bytes_write(dir, "change", t.data, t.len);
	return rc < 0 ? rc : state_write(dir, s->state);
}

static int file_line_read(int dir, const char *line, struct backup *s)
{
	unsigned mode;
	uintmax_t uid, gid;
	size_t index;
	char how[16];
	int path = 0;
	char name[32];

	if (sscanf(line, "file %zu %o %ju %ju %15s %n", &index, &mode, &uid, &gid, how, &path) <
			5 ||
		path == 0 || index != s->files || mode > 07777)
		return -EBADMSG;
	struct txn_file *v = realloc(s->file, (s->files + 1) * sizeof(*v));
	if (v)
		s->file = v;
	struct backup_words *w = realloc(s->words, (s->files + 1) * sizeof(*w));
	if (w)
		s->words = w;
	if (!v || !w)
		return -ENOMEM;
	w[s->files] = (struct backup_words){0};
	struct txn_file *f = &v[s->files++];
	*f = (struct txn_file){
		.path = strdup(line + path), .owner = {(mode_t)mode, (uid_t)uid, (gid_t)gid}};
	(void)snprintf(name, sizeof(name), "%zu.new", index);
	int rc = f->path ? journal_stored_read(dir, name, (size_t)16 << 20, &f->text, &f->len)
			 : -ENOMEM;
	(void)snprintf(name, sizeof(name), "%zu.old", index);
	if (rc == 0 && str_equal(how, "replaced"))
		rc = journal_stored_read(dir, name, (size_t)16 << 20, &f->old, &f->old_len);
	return rc;
}

/* A directory that the file is in. */
static int made_line_read(const char *dir, struct txn_file *f)
{
	if (f->made || !str_starts(f->path, dir) || f->path[strlen(dir)] != '/')
		return -EBADMSG;
	f->made = strdup(dir);
	return f->made ? 0 : -ENOMEM;
}

int backup_read(int dir, struct backup *s)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	int rc = journal_stored_read(dir, "change", (size_t)1 << 20, &text, &len);
	char *rest = text;

	if (rc == 0)
		rc = state_read(dir, &s->state);
	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		bool when = str_starts(line, "when ");
		if (when || str_starts(line, "what ")) {
			char **to = when ? &s->when : &s->what;
			free(*to);
			*to = strdup(line + 5);
			rc = *to ? 0 : -ENOMEM;
		} else if (str_starts(line, "file ")) {
			rc = file_line_read(dir, line, s);
		} else if (str_starts(line, "made ") && s->files > 0) {
			rc = made_line_read(line + strlen("made "), &s->file[s->files - 1]);
		} else if (str_starts(line, "added ") && s->files > 0) {
			rc = strings_add(&s->words[s->files - 1].added, line + strlen("added "));
		} else if (str_starts(line, "removed ") && s->files > 0) {
			rc = strings_add(
				&s->words[s->files - 1].removed, line + strlen("removed "));
		} else if (line[0] && !str_equal(line, "version 1")) {
			rc = -EBADMSG;
		}
	}
	return rc == 0 && (!s->when || !s->what) ? -EBADMSG : rc;
}

/* ---- store -------------------------------------------------------------------------------------
 */

#define MADE "made" /* file: the directories that were created for the journal, outermost first */

/* The journal's directory and its parents, created if missing. */
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
		int rc = file_sync_dir(fd);
		if (rc < 0)
			return rc;
		if (!str_equal(*p, JOURNAL_DIR))
			text_print(made, "%s\n", *p);
	}
	return made->failed ? -ENOMEM : 0;
}

/* The journal's directory itself; its parents may be links, which stay below the root. */
static int store_dir(const struct root *r)
{
	_cleanup_(fd_close) int lib = root_fd(r, "var/lib", O_PATH | O_DIRECTORY);

	return lib < 0 ? lib : journal_stored_open(lib, strrchr(JOURNAL_DIR, '/') + 1, S_IFDIR);
}

long journal_holder(const struct journal *j)
{
	_cleanup_(str_free) char *text = NULL;
	struct stat st;
	size_t len;

	/* "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF" (proc_locks(5)); the device is not
	 * always that of stat(2). */
	if (fstat(j->dir, &st) < 0 ||
		file_read(AT_FDCWD, "/proc/locks", (size_t)1 << 20, &text, &len, NULL) < 0)
		return 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		unsigned long long inode;
		long pid;
		if (sscanf(line, "%*s FLOCK %*s WRITE %ld %*x:%*x:%llu", &pid, &inode) == 2 &&
			inode == st.st_ino && pid > 0)
			return pid;
	}
	return 0;
}

static int lock_wait(const struct journal *j)
{
	const struct timespec tick = {.tv_nsec = 100000000L};

	for (unsigned n = 0; flock(j->dir, LOCK_EX | LOCK_NB) < 0; n++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (n >= 10 * JOURNAL_WAIT)
			return -EBUSY;
		if (n == 0)
			log_print(LOG_NOTICE,
				"another vfio-bootcfg (process %ld) is at work; waiting for it for at most %d s",
				journal_holder(j), JOURNAL_WAIT);
		(void)nanosleep(&tick, NULL);
	}
	return 0;
}

/* -EAGAIN: the previous holder of the lock removed the directory with its last change. */
static int store_lock(const struct root *r, struct journal *ret)
{
	struct stat here, there;
	_cleanup_(fd_close) int fd = store_dir(r), again = -1;
	const struct journal j = {.root = r, .dir = fd};

	int rc = fd < 0 ? fd : lock_wait(&j);
	if (rc < 0)
		return rc;
	again = store_dir(r);
	if (again < 0 || fstat(fd, &here) < 0 || fstat(again, &there) < 0 ||
		here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return -EAGAIN;
	*ret = j;
	fd = -1;
	return 0;
}

static int open_failed(const struct root *r, int rc, struct err *err)
{
	_cleanup_(journal_close) struct journal j = {.root = r, .dir = -1};

	if (rc != -EBUSY)
		return err_set(err, -rc, "/%s: can't open it: %s", JOURNAL_DIR, stored_why(rc));
	j.dir = store_dir(r);
	return err_set(err, EBUSY,
		"another vfio-bootcfg (process %ld) is still at work after %d s; run this again when it has ended",
		journal_holder(&j), JOURNAL_WAIT);
}

int journal_lock(const struct root *r, struct journal *ret, struct err *err)
{
	int rc = -EAGAIN;

	*ret = (struct journal){.root = r, .dir = -1};
	while (rc == -EAGAIN)
		rc = store_lock(r, ret);
	return rc < 0 && rc != -ENOENT ? open_failed(r, rc, err) : 0;
}

int journal_look(const struct root *r, struct journal *ret, struct err *err)
{
	int fd = store_dir(r);

	*ret = (struct journal){.root = r, .dir = fd < 0 ? -1 : fd};
	return fd < 0 && fd != -ENOENT ? open_failed(r, fd, err) : 0;
}

/* The same, but creates it. */
static int journal_make(const struct root *r, struct journal *ret, struct err *err)
{
	_cleanup_(text_done) struct text made = {0};
	int rc = -EAGAIN;

	while (rc == -EAGAIN) {
		rc = parents_make(r, &made);
		if (rc == 0)
			rc = store_lock(r, ret);
	}
	if (rc == 0 && made.len > 0)
		rc = bytes_write(ret->dir, MADE, made.data, made.len);
	return rc < 0 ? open_failed(r, rc, err) : 0;
}

void journal_close(struct journal *j)
{
	fd_close(&j->dir);
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

/* Removes an empty journal's directory, and the parents that were created for it; closes it. */
static void store_clean(struct journal *st)
{
	_cleanup_(str_free) char *made = NULL;
	size_t len = 0, n = 0;
	unsigned *ids = NULL;

	if (st->dir < 0 || store_ids(st, &ids, &n) < 0)
		return;
	free(ids);
	if (n > 0)
		return;
	(void)!journal_stored_read(st->dir, MADE, 4096, &made, &len);
	(void)unlinkat(st->dir, MADE, 0);
	file_tidy(st->dir, MADE);
	_cleanup_(fd_close) int lib = root_fd(st->root, "var/lib", O_RDONLY | O_DIRECTORY);
	int gone = lib < 0 ? -1 : unlinkat(lib, strrchr(JOURNAL_DIR, '/') + 1, AT_REMOVEDIR);
	journal_close(st);
	if (gone < 0)
		return;
	/* Only empty directories are removed. */
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

static int store_ids(const struct journal *st, unsigned **ret, size_t *ret_n)
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

static int store_write(struct journal *st, struct backup *s, struct err *err)
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
		rc = dir < 0 ? -errno : backup_write(dir, s);
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

static int store_read(const struct journal *st, unsigned id, struct backup *ret, struct err *err)
{
	_cleanup_(backup_done) struct backup s = {0};
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
	_cleanup_(fd_close) int dir = journal_stored_open(st->dir, name, S_IFDIR);
	if (dir == -ENOENT)
		return err_set(err, ENOENT, "there is no change %u; --history lists them", s.id);
	rc = dir < 0 ? dir : backup_read(dir, &s);
	if (rc < 0)
		return err_set(
			err, -rc, "/%s/%s: can't be read: %s", JOURNAL_DIR, name, stored_why(rc));
	*ret = s;
	s = (struct backup){0};
	return 0;
}

static int store_remove(struct journal *st, unsigned id, struct err *err)
{
	char name[16], part[32];

	/* First renamed in one step, then removed file by file. */
	(void)snprintf(name, sizeof(name), "%04u", id);
	(void)snprintf(part, sizeof(part), "%s.part", name);
	int rc = file_rename(st->dir, name, part);
	if (rc < 0)
		return err_set(
			err, -rc, "/%s/%s: can't remove it: %s", JOURNAL_DIR, name, strerror(-rc));
	dir_remove(st->dir, part);
	return 0;
}

/* ---- journal -----------------------------------------------------------------------------------
 */

/* Blocks signals while files are replaced: ^C must not leave a rollback unfinished. */
static void signals_hold(sigset_t *old)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGHUP);
	sigaddset(&all, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &all, old);
}

/* What a change that ended early left beside a file that is as before: a temporary file, or the
 * directories for a file that it had yet to create. */
static void file_leftovers(const struct root *r, const struct txn_file *f)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;

	if (txn_place_below(r, f->path, &p, NULL) == 0)
		file_tidy(p.dir, p.name);
	txn_dirs_remove(r, f);
}

/* Writes all files, or none. */
static int files_write(struct journal *j, const struct backup *s, struct err *err)
{
	struct err again = {0};
	size_t done;
	int rc = txn_write(j->root, s->file, s->files, &done, err);

	if (rc == 0)
		rc = journal_set_state(j, s->id, CHANGE_WRITTEN, err);
	if (rc < 0 && (txn_revert(j->root, s->file, done, &again) < 0 ||
			      store_remove(j, s->id, &again) < 0))
		return err_set(err, ENOTRECOVERABLE,
			"%.200s; and the files written before could not be put back: run vfio-bootcfg --undo",
			again.text);
	return rc;
}

int journal_commit(struct journal *j, const struct root *r, const struct journal_file *files,
	size_t n, const char *what, unsigned *ret_id, struct err *err)
{
	_cleanup_(backup_done) struct backup s = {0};
	sigset_t signals;

	int rc = j->dir < 0 ? journal_make(r, j, err) : 0;
	if (rc == 0)
		rc = backup_fill(r, files, n, what, &s, err);
	signals_hold(&signals);
	if (rc == 0)
		rc = store_write(j, &s, err);
	if (rc == 0)
		rc = files_write(j, &s, err);
	if (rc < 0)
		store_clean(j);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	*ret_id = s.id;
	return rc;
}

int journal_open_change(const struct journal *j, unsigned id)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%04u", id);
	return journal_stored_open(j->dir, name, S_IFDIR);
}

int journal_set_state(struct journal *j, unsigned id, enum change_state state, struct err *err)
{
	_cleanup_(fd_close) int dir = journal_open_change(j, id);
	int rc = dir < 0 ? dir : state_write(dir, state);

	return rc < 0 ? err_set(err, -rc, "/%s/%04u: can't write how far it has come: %s",
				JOURNAL_DIR, id, stored_why(rc))
		      : 0;
}

void undone_done(struct undone *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->v[i].path);
		free(u->v[i].now);
		free(u->v[i].to);
	}
	free(u->v);
	*u = (struct undone){0};
}

static int bytes_copy(const char *from, size_t len, char **ret, size_t *ret_len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, from, len);
	copy[len] = '\0';
	*ret = copy;
	*ret_len = len;
	return 0;
}

static int edited_since(const struct backup *s, size_t i, const struct undo_how *how,
	struct undone_file *to, struct err *err)
{
	const struct txn_file *f = &s->file[i];
	const struct journal_file file = {.path = f->path,
		.old = f->old,
		.old_len = f->old_len,
		.text = f->text,
		.len = f->len};
	const struct journal_words words = {
		.file = &file, .added = &s->words[i].added, .removed = &s->words[i].removed};
	struct err reason = {0};

	int rc = how->changed_since && f->old && to->now
			 ? how->changed_since(how->with, &words, to->now, to->now_len, &to->to,
				   &to->to_len, &reason)
			 : -EBUSY;
	if (rc == 0) {
		to->how = txn_same(to->now, to->now_len, to->to, to->to_len) ? UNDO_LEFT
									     : UNDO_EDITED;
		return 0;
	}
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	return err_set(err, EBUSY,
		"/%s: was %s after change %u%s%.400s; nothing is taken back. What it was is in /%s/%04u",
		f->path, to->now ? "edited" : "removed", s->id, reason.text[0] ? ": " : "",
		reason.text[0] ? reason.text
		: f->old       ? ""
			       : ", which had made it",
		JOURNAL_DIR, s->id);
}

/* Determines what an undo does to one file; writes nothing. */
static int file_undo_kind(const struct root *r, const struct backup *s, size_t i,
	const struct undo_how *how, struct undone_file *to, struct err *err)
{
	const struct txn_file *f = &s->file[i];
	int rc = root_read(r, f->path, &to->now, &to->now_len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	to->path = strdup(f->path);
	if (!to->path)
		return err_set(err, ENOMEM, "out of memory");
	if ((!to->now && !f->old) || txn_same(to->now, to->now_len, f->old, f->old_len)) {
		to->how = UNDO_LEFT;
		return 0;
	}
	bool anew = !f->old && how->made_anew && to->now && how->made_anew(to->now);
	if (!anew && !txn_same(to->now, to->now_len, f->text, f->len))
		return edited_since(s, i, how, to, err);
	to->how = f->old ? UNDO_RESTORED : UNDO_REMOVED;
	return f->old && bytes_copy(f->old, f->old_len, &to->to, &to->to_len) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int file_undo(const struct root *r, const struct txn_file *f, const struct undone_file *one,
	struct err *err)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	int rc = txn_place_below(r, f->path, &p, err);

	if (rc == 0)
		rc = txn_put(&p, (struct txn_bytes){one->now, one->now_len},
			(struct txn_bytes){one->to, one->to_len}, &f->owner, err);
	if (rc == 0 && !one->to)
		txn_dirs_remove(r, f);
	return rc;
}

/* The change is CHANGE_REVERTING from here on. */
static int undo_write(
	struct journal *j, const struct backup *s, const struct undone *u, struct err *err)
{
	int rc = journal_set_state(j, s->id, CHANGE_REVERTING, err);

	for (size_t i = s->files; i-- > 0 && rc == 0;) {
		const struct undone_file *one = &u->v[i];
		if (one->how == UNDO_LEFT)
			file_leftovers(j->root, &s->file[i]);
		else
			rc = file_undo(j->root, &s->file[i], one, err);
	}
	return rc;
}

static int is_last(const struct journal *j, unsigned id, bool *ret)
{
	unsigned *ids = NULL;
	size_t n = 0;
	int rc = store_ids(j, &ids, &n);

	*ret = n > 0 && ids[n - 1] == id;
	free(ids);
	return rc;
}

int journal_undo(struct journal *j, unsigned id, const struct undo_how *how, struct undone *ret,
	struct err *err)
{
	_cleanup_(backup_done) struct backup s = {0};
	_cleanup_(undone_done) struct undone u = {0};
	sigset_t signals;

	int rc = j->dir < 0 ? err_set(err, ENOENT, "there is no change to undo")
			    : store_read(j, id, &s, err);
	if (rc < 0)
		return rc;
	u.v = calloc(s.files + 1, sizeof(*u.v));
	u.id = s.id;
	u.state = s.state;
	if (!u.v || is_last(j, s.id, &u.last) < 0)
		return err_set(err, ENOMEM, "out of memory");
	while (u.n < s.files && rc == 0) {
		size_t i = u.n++;
		rc = file_undo_kind(j->root, &s, i, how, &u.v[i], err);
	}
	if (rc == 0 && !how->dry) {
		signals_hold(&signals);
		rc = undo_write(j, &s, &u, err);
		(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	}
	if (rc < 0)
		return rc;
	*ret = u;
	u = (struct undone){0};
	return 0;
}

int journal_forget(struct journal *j, unsigned id, struct err *err)
{
	sigset_t signals;

	signals_hold(&signals);
	int rc = store_remove(j, id, err);
	if (rc == 0)
		store_clean(j);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	return rc;
}

/* ---- list --------------------------------------------------------------------------------------
 */

void journal_list_done(struct journal_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].when);
		free(l->v[i].what);
		strings_done(&l->v[i].paths);
		strings_done(&l->v[i].added);
	}
	free(l->v);
	*l = (struct journal_list){0};
}

/* The parameters that the change added to any file. */
static int added_take(struct journal_entry *e, const struct backup *s)
{
	for (size_t f = 0; f < s->files; f++)
		for (size_t i = 0; i < s->words[f].added.n; i++)
			if (!strings_have(&e->added, s->words[f].added.v[i]) &&
				strings_add(&e->added, s->words[f].added.v[i]) < 0)
				return -ENOMEM;
	return 0;
}

static int entry_read(
	const struct journal *j, unsigned id, struct journal_entry *e, struct err *err)
{
	_cleanup_(backup_done) struct backup s = {0};
	int rc = store_read(j, id, &s, err);

	*e = (struct journal_entry){.id = id, .state = s.state, .when = s.when, .what = s.what};
	s.when = s.what = NULL;
	for (size_t f = 0; f < s.files && rc == 0; f++)
		rc = strings_add(&e->paths, s.file[f].path);
	return rc == 0 ? added_take(e, &s) : rc;
}

int journal_read(const struct journal *j, struct journal_list *ret, struct err *err)
{
	unsigned *ids = NULL;
	size_t n = 0;
	int rc = j->dir < 0 ? 0 : store_ids(j, &ids, &n);

	if (rc < 0)
		return err_set(err, -rc, "/%s: can't read it: %s", JOURNAL_DIR, strerror(-rc));
	ret->v = calloc(n + 1, sizeof(*ret->v));
	if (!ret->v)
		rc = err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n && ret->v && rc == 0; i++)
		rc = entry_read(j, ids[i], &ret->v[ret->n++], err);
	free(ids);
	return rc;
}
