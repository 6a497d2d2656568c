/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/stored.h"

#include "base/file.h"
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

int stored_write(int dir, const struct stored *s)
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

int stored_read(int dir, struct stored *s)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	int rc = file_read(dir, "change", (size_t)1 << 20, &text, &len, NULL);
	char *rest = text;

	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		bool when = str_starts(line, "when ");
		if (when || str_starts(line, "what ")) {
			char **to = when ? &s->when : &s->what;
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
