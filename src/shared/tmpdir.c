/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/tmpdir.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_AT_ONCE 16

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

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	(void)remove(path);
	return 0;
}

void tmpdir_done(struct tmpdir *s)
{
	if (!s->path[0])
		return;
	fd_close(&s->fd);
	(void)nftw(s->path, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
	s->path[0] = '\0';
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

/* open_parent in one call, for an existing directory and Linux 5.6 or later. */
static int open_whole(const struct tmpdir *s, const char *path, const char **ret_name)
{
	struct open_how how = {.flags = O_DIRECTORY | O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	if (!slash || (size_t)(slash - path) >= sizeof(parent))
		return -1;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	*ret_name = slash + 1;
	return (int)syscall(SYS_openat2, s->fd, parent, &how, sizeof(how));
}

/*
 * Opens the parent directory of a path, and creates what is missing; *ret_name is the last name.
 * Step by step, so that no link is followed: two links together may lead outside.
 */
static int open_parent(const struct tmpdir *s, const char *path, const char **ret_name)
{
	char part[NAME_MAX + 1];

	if (depth_of(path) <= 0)
		return -EINVAL;
	int at = open_whole(s, path, ret_name);
	if (at >= 0)
		return at;
	at = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	if (at < 0)
		return -errno;
	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		size_t len = (size_t)(slash - path);
		int next = -1, code = ENAMETOOLONG;
		if (len < sizeof(part)) {
			memcpy(part, path, len);
			part[len] = '\0';
			if (mkdirat(at, part, 0755) == 0 || errno == EEXIST)
				next = openat(
					at, part, O_DIRECTORY | O_PATH | O_CLOEXEC | O_NOFOLLOW);
			code = errno;
		}
		fd_close(&at);
		if (next < 0)
			return -code;
		at = next;
	}
	*ret_name = path;
	return at;
}

int tmpdir_directory(const struct tmpdir *s, const char *path)
{
	const char *name = "";
	_cleanup_(fd_close) int at = open_parent(s, path, &name);

	if (at < 0)
		return at;
	return mkdirat(at, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int tmpdir_write(
	const struct tmpdir *s, const char *path, off_t offset, const void *data, size_t len)
{
	const char *name = "";
	_cleanup_(fd_close) int at = open_parent(s, path, &name);

	if (at < 0)
		return at;
	_cleanup_(fd_close) int fd = openat(at, name,
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
			(offset < 0 ? O_APPEND : 0),
		0644);
	if (fd < 0)
		return -errno;
	ssize_t n = offset < 0 ? write(fd, data, len) : pwrite(fd, data, len, offset);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

int tmpdir_link(const struct tmpdir *s, const char *path, const char *target)
{
	int depth = depth_of(path) - 1;
	const char *rest = target, *name = "";

	for (; str_starts(rest, "../"); rest += 3)
		depth--;
	if (depth < 0 || depth_of(rest) < 0)
		return -EINVAL;
	_cleanup_(fd_close) int at = open_parent(s, path, &name);
	if (at < 0)
		return at;
	return symlinkat(target, at, name) < 0 ? -errno : 0;
}
