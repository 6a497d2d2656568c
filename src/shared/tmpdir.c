/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/tmpdir.h"

#include "base/array.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Something in it, to be removed. */
struct tmpdir_entry {
	bool is_directory;
	char path[];
};

int tmpdir_make(struct tmpdir *ret, struct err *err)
{
	struct tmpdir s = {.path = "/tmp/vfio-bind-XXXXXX"};

	if (!mkdtemp(s.path))
		return err_set(err, errno, "%s: can't make it: %s", s.path, strerror(errno));
	s.fd = open(s.path, O_DIRECTORY | O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (s.fd < 0) {
		int code = errno;
		(void)rmdir(s.path);
		return err_set(err, code, "%s: can't open it: %s", s.path, strerror(code));
	}
	*ret = s;
	return 0;
}

static void keep_text(void *text)
{
	(void)text; /* it belongs to the entries */
}

/* By name, the last one first: so a directory is empty when its turn comes. */
void tmpdir_done(struct tmpdir *s)
{
	if (!s->path[0])
		return;
	for (size_t i = s->n; i-- > 0; free(s->made[i]))
		(void)unlinkat(
			s->fd, s->made[i]->path, s->made[i]->is_directory ? AT_REMOVEDIR : 0);
	free(s->made);
	tdestroy(s->links, keep_text);
	fd_close(&s->fd);
	(void)rmdir(s->path);
	*s = (struct tmpdir){.fd = -1};
}

/* The number of parts of a path, or -1 if it leads outside the directory. */
static int depth_of(const char *path)
{
	int depth = 0;

	while (*path) {
		size_t len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.') || strncmp(path, "..", len) == 0)
			return -1;
		depth++;
		path += len + (path[len] == '/');
	}
	return depth;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* 0, or -ELOOP if a part of the path is one of our links: two of them together may lead outside.
 * Nothing else in the directory is a link. */
static int check_path(const struct tmpdir *s, const char *path)
{
	char part[PATH_MAX];

	if (depth_of(path) <= 0 || path[strlen(path) - 1] == '/')
		return -EINVAL;
	if (str_copy(part, sizeof(part), path) < strlen(path))
		return -ENAMETOOLONG;
	for (char *end = part + strlen(part); s->links && end; end = strrchr(part, '/')) {
		*end = '\0';
		if (tfind(part, &s->links, compare_paths))
			return -ELOOP;
	}
	return 0;
}

/* Notes what was made, or is about to be. */
static int note_made(struct tmpdir *s, const char *path, bool is_directory)
{
	size_t len = strlen(path) + 1;

	struct tmpdir_entry **made = array_grow(
		s->made, s->n, &s->size, sizeof(struct tmpdir_entry *));
	if (!made)
		return -ENOMEM;
	s->made = made;
	struct tmpdir_entry *one = malloc(sizeof(*one) + len);
	if (!one)
		return -ENOMEM;
	one->is_directory = is_directory;
	memcpy(one->path, path, len);
	s->made[s->n++] = one;
	return 0;
}

static int make_directory(struct tmpdir *s, const char *path)
{
	if (mkdirat(s->fd, path, 0755) == 0)
		return note_made(s, path, true);
	return errno == EEXIST ? 0 : -errno;
}

/* The directories above a path. */
static int make_parents(struct tmpdir *s, const char *path)
{
	char part[PATH_MAX];
	int r = 0;

	(void)str_copy(part, sizeof(part), path);
	for (char *slash = part; r == 0 && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		r = make_directory(s, part);
		*slash = '/';
	}
	return r;
}

int tmpdir_directory(struct tmpdir *s, const char *path)
{
	int r = check_path(s, path);

	if (r == 0)
		r = make_directory(s, path);
	if (r == -ENOENT && (r = make_parents(s, path)) == 0)
		r = make_directory(s, path);
	return r;
}

static int open_file(struct tmpdir *s, const char *path, int flags)
{
	int fd = openat(s->fd, path, flags | O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0644);

	return fd < 0 ? -errno : fd;
}

int tmpdir_write(struct tmpdir *s, const char *path, off_t offset, const void *data, size_t len)
{
	int flags = O_CREAT | (offset < 0 ? O_APPEND : 0), r = check_path(s, path);

	if (r < 0)
		return r;
	_cleanup_(fd_close) int fd = open_file(s, path, flags | O_EXCL);
	if (fd == -ENOENT && (r = make_parents(s, path)) == 0)
		fd = open_file(s, path, flags | O_EXCL);
	if (fd >= 0)
		r = note_made(s, path, false);
	else if (fd == -EEXIST)
		fd = open_file(s, path, flags);
	if (r < 0 || fd < 0)
		return r < 0 ? r : fd;
	ssize_t n = offset < 0 ? write(fd, data, len) : pwrite(fd, data, len, offset);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

int tmpdir_take(struct tmpdir *s, const char *path)
{
	int r = check_path(s, path);

	return r < 0 ? r : note_made(s, path, false);
}

int tmpdir_link(struct tmpdir *s, const char *path, const char *target)
{
	int depth = depth_of(path) - 1, r = check_path(s, path);
	const char *rest = target;

	for (; str_starts(rest, "../"); rest += 3)
		depth--;
	if (depth < 0 || depth_of(rest) < 0)
		return -EINVAL;
	if (r < 0)
		return r == -ELOOP ? -EEXIST : r;
	r = symlinkat(target, s->fd, path) < 0 ? -errno : 0;
	if (r == -ENOENT && (r = make_parents(s, path)) == 0)
		r = symlinkat(target, s->fd, path) < 0 ? -errno : 0;
	if (r == 0)
		r = note_made(s, path, false);
	if (r == 0 && !tsearch(s->made[s->n - 1]->path, &s->links, compare_paths))
		r = -ENOMEM;
	return r;
}
