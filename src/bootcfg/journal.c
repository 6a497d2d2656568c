/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/journal.h"

#include "base/file.h"
#include "base/replace.h"
#include "bootcfg/journal_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Signals wait while files are swapped: a rollback half done by ^C helps nobody. */
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

static int file_put(const struct root *r, const struct stored_file *f, const char *from,
	size_t from_len, const char *to, size_t to_len, struct err *err)
{
	_cleanup_(fd_close) int dir = -1;
	_cleanup_(str_free) char *name = NULL;
	struct err why = {0};

	int rc = root_locate(r, f->path, &dir, &name, err);
	if (rc < 0)
		return rc;
	if (to) {
		struct replacement with = {.data = to,
			.len = to_len,
			.old = from,
			.old_len = from_len,
			.mode = f->mode,
			.uid = f->uid,
			.gid = f->gid};
		rc = file_replace(dir, name, &with, &why);
	} else if (from) {
		rc = file_remove(dir, name, from, from_len, &why);
	}
	if (rc == -EROFS)
		return err_set(err, EROFS,
			"%s: its file system is read-only; remount it with `mount -o remount,rw`, then run this again",
			f->path);
	return rc < 0 ? err_set(err, -rc, "/%s: %.400s", f->path, why.text) : 0;
}

static bool same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a && b && a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* What a file is now. */
enum now { NOW_NEW, NOW_OLD, NOW_OTHER };

static int file_now(
	const struct root *r, const struct stored_file *f, enum now *ret, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0;
	int rc = root_read(r, f->path, &text, &len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (same(text, len, f->text, f->len))
		*ret = NOW_NEW;
	else if ((!text && !f->old) || same(text, len, f->old, f->old_len))
		*ret = NOW_OLD;
	else
		*ret = NOW_OTHER;
	return 0;
}

/* Puts back what was written, last file first; the last may have been written or not. */
static int roll_back(const struct root *r, const struct stored *s, size_t done, struct err *err)
{
	int rc = 0;

	for (size_t i = done; i-- > 0;) {
		const struct stored_file *f = &s->file[i];
		enum now now;
		int one = file_now(r, f, &now, err);
		if (one == 0 && now == NOW_NEW)
			one = file_put(r, f, f->text, f->len, f->old, f->old_len, err);
		rc = one < 0 ? one : rc;
	}
	return rc;
}

static void file_leftovers(const struct root *r, const struct stored_file *f)
{
	_cleanup_(fd_close) int dir = -1;
	_cleanup_(str_free) char *name = NULL;

	if (root_locate(r, f->path, &dir, &name, NULL) == 0)
		file_tidy(dir, name);
}

int journal_commit(const struct root *r, const struct journal_file *files, size_t n,
	const char *what, unsigned *ret_id, struct err *err)
{
	_cleanup_(store_close) struct store st = STORE_CLOSED;
	_cleanup_(stored_done) struct stored s = {0};
	sigset_t signals;

	int rc = store_open(r, STORE_ADD, &st, err);
	if (rc == 0)
		rc = stored_fill(r, files, n, what, &s, err);
	if (rc < 0) {
		store_clean(&st);
		return rc;
	}
	signals_hold(&signals);
	rc = store_write(&st, &s, err);
	for (size_t i = 0; i < s.files && rc == 0; i++) {
		const struct stored_file *f = &s.file[i];
		rc = file_put(r, f, f->old, f->old_len, f->text, f->len, err);
		if (rc < 0) {
			struct err again = {0};
			if (roll_back(r, &s, i + 1, &again) < 0 ||
				store_remove(&st, s.id, &again) < 0)
				rc = err_set(err, ENOTRECOVERABLE,
					"%.200s; and the files written before could not be put back: %.200s",
					again.text, "run vfio-bootcfg --undo");
		}
	}
	if (rc < 0)
		store_clean(&st);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	*ret_id = s.id;
	return rc;
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

static int edited_since(const struct stored *s, const struct stored_file *f,
	const struct undo_how *how, struct undone_file *to, struct err *err)
{
	const struct journal_file file = {.path = f->path,
		.old = f->old,
		.old_len = f->old_len,
		.text = f->text,
		.len = f->len};
	const struct journal_words words = {
		.file = &file, .added = &f->added, .removed = &f->removed};
	struct err why = {0};

	int rc = how->changed_since && f->old && to->now
			 ? how->changed_since(how->with, &words, to->now, to->now_len, &to->to,
				   &to->to_len, &why)
			 : -EBUSY;
	if (rc == 0) {
		to->how = same(to->now, to->now_len, to->to, to->to_len) ? UNDO_LEFT : UNDO_EDITED;
		return 0;
	}
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	return err_set(err, EBUSY,
		"/%s: was %s after change %u%s%.400s; nothing is taken back. What it was is in /%s/%04u",
		f->path, to->now ? "edited" : "removed", s->id, why.text[0] ? ": " : "",
		why.text[0] ? why.text
		: f->old    ? ""
			    : ", which had made it",
		JOURNAL_DIR, s->id);
}

/* What is to become of one file; nothing is written yet. */
static int file_judge(const struct root *r, const struct stored *s, const struct stored_file *f,
	const struct undo_how *how, struct undone_file *to, struct err *err)
{
	int rc = root_read(r, f->path, &to->now, &to->now_len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	to->path = strdup(f->path);
	if (!to->path)
		return err_set(err, ENOMEM, "out of memory");
	if ((!to->now && !f->old) || same(to->now, to->now_len, f->old, f->old_len)) {
		to->how = UNDO_LEFT;
		return 0;
	}
	if (!same(to->now, to->now_len, f->text, f->len))
		return edited_since(s, f, how, to, err);
	to->how = f->old ? UNDO_RESTORED : UNDO_REMOVED;
	return f->old && bytes_copy(f->old, f->old_len, &to->to, &to->to_len) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

/* All files, then the change itself out of the journal. */
static int undo_write(const struct root *r, struct store *st, const struct stored *s,
	const struct undone *u, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->files && rc == 0; i++) {
		const struct undone_file *one = &u->v[i];
		if (one->how == UNDO_LEFT)
			file_leftovers(r, &s->file[i]);
		else
			rc = file_put(
				r, &s->file[i], one->now, one->now_len, one->to, one->to_len, err);
	}
	if (rc == 0)
		rc = store_remove(st, s->id, err);
	if (rc == 0)
		store_clean(st);
	return rc;
}

int journal_undo(const struct root *r, unsigned id, const struct undo_how *how, struct undone *ret,
	struct err *err)
{
	_cleanup_(store_close) struct store st = STORE_CLOSED;
	_cleanup_(stored_done) struct stored s = {0};
	_cleanup_(undone_done) struct undone u = {0};
	sigset_t signals;

	int rc = store_open(r, how->dry ? STORE_LOOK : STORE_TAKE, &st, err);
	if (rc == 0)
		rc = store_read(&st, id, &s, err);
	if (rc < 0)
		return rc;
	u.v = calloc(s.files + 1, sizeof(*u.v));
	if (!u.v)
		return err_set(err, ENOMEM, "out of memory");
	while (u.n < s.files && rc == 0) {
		size_t i = u.n++;
		rc = file_judge(r, &s, &s.file[i], how, &u.v[i], err);
	}
	if (rc == 0 && !how->dry) {
		signals_hold(&signals);
		rc = undo_write(r, &st, &s, &u, err);
		(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	}
	if (rc < 0)
		return rc;
	*ret = u;
	u = (struct undone){0};
	return 0;
}
