/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/scratch.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_AT_ONCE 16

int scratch_make(struct scratch *ret, struct err *err)
{
	struct scratch s = {.path = "/tmp/vfio-bind-XXXXXX"};

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

void scratch_done(struct scratch *s)
{
	if (!s->path[0])
		return;
	fd_close(&s->fd);
	(void)nftw(s->path, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
	s->path[0] = '\0';
}

/* How deep a path leads, or -1 where it is none of ours. */
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

static int make_parents(const struct scratch *s, const char *path, bool itself)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part) || depth_of(path) < 0)
		return -EINVAL;
	memcpy(part, path, len + 1);
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(s->fd, part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return itself && mkdirat(s->fd, part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int scratch_directory(const struct scratch *s, const char *path)
{
	return make_parents(s, path, true);
}

int scratch_write(
	const struct scratch *s, const char *path, off_t offset, const void *data, size_t len)
{
	int r = make_parents(s, path, false);

	if (r < 0)
		return r;
	_cleanup_(fd_close) int fd = openat(s->fd, path,
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
			(offset < 0 ? O_APPEND : 0),
		0644);
	if (fd < 0)
		return -errno;
	ssize_t n = offset < 0 ? write(fd, data, len) : pwrite(fd, data, len, offset);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

int scratch_link(const struct scratch *s, const char *path, const char *target)
{
	int depth = depth_of(path) - 1, r = make_parents(s, path, false);
	const char *rest = target;

	if (r < 0)
		return r;
	for (; str_starts(rest, "../"); rest += 3)
		depth--;
	if (depth < 0 || depth_of(rest) < 0)
		return -EINVAL;
	return symlinkat(target, s->fd, path) < 0 ? -errno : 0;
}
