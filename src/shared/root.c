/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/root.h"

#include "base/dir.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 20)
#define LINKS_MAX 20

int root_fd(const struct root *r, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	for (;;) {
		long fd = syscall(SYS_openat2, r->fd, path[0] ? path : ".", &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		/* EAGAIN: a rename happened during the path walk (openat2(2)). */
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int root_open(struct root *r, const char *path, struct err *err)
{
	struct stat st, host;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
	*r = (struct root){.fd = fd, .path = path};
	r->host = fstat(fd, &st) == 0 && stat("/", &host) == 0 && st.st_dev == host.st_dev &&
		  st.st_ino == host.st_ino;
	return 0;
}

void root_done(struct root *r)
{
	fd_close(&r->fd);
}

static bool kind_is(const struct root *r, const char *path, mode_t kind, int flags)
{
	struct stat st;
	_cleanup_(fd_close) int fd = root_fd(r, path, O_PATH | flags);
	return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

bool root_is_file(const struct root *r, const char *path)
{
	return kind_is(r, path, S_IFREG, 0);
}

bool root_is_dir(const struct root *r, const char *path)
{
	return kind_is(r, path, S_IFDIR, 0);
}

bool root_is_link(const struct root *r, const char *path)
{
	return kind_is(r, path, S_IFLNK, O_NOFOLLOW);
}

int root_read(const struct root *r, const char *path, char **ret, size_t *ret_len, struct err *err)
{
	return root_read_large(r, path, FILE_MAX, ret, ret_len, err);
}

int root_read_large(const struct root *r, const char *path, size_t max, char **ret, size_t *ret_len,
	struct err *err)
{
	_cleanup_(fd_close) int fd = root_fd(r, path, O_PATH);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return -ENOENT;
	if (fd < 0)
		return err_set(err, -fd, "%s: can't open it: %s", path, strerror(-fd));
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "%s: can't look at it: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: is not a regular file", path);
	char self[64];
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	struct err reason = {0};
	int rc = file_read(AT_FDCWD, self, max, ret, ret_len, &reason);
	return rc < 0 ? err_set(err, -rc, "%s: can't read it: %s", path, strerror(-rc)) : 0;
}

bool root_holds(const struct root *r, const char *path, const char *text)
{
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_(str_free) char *buf = fd < 0 ? NULL : malloc(1 << 20);
	ssize_t n = buf ? read(fd, buf, 1 << 20) : -1;
	return n > 0 && memmem(buf, (size_t)n, text, strlen(text));
}

bool root_line_holds(const struct root *r, const char *path, const char *one, const char *other)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0;
	char *rest, *line;

	if (root_read(r, path, &text, &len, NULL) < 0)
		return false;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "#")] = '\0';
		if (strstr(line, one) && strstr(line, other))
			return true;
	}
	return false;
}

int root_list(const struct root *r, const char *dir, const char *suffix, struct strings *ret)
{
	_cleanup_(strings_done) struct strings names = {0};
	int fd = root_fd(r, dir, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	int rc = dir_read(&names, fd, NULL, NULL);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		if (str_ends(names.v[i], suffix))
			rc = strings_add(ret, names.v[i]);
	return rc;
}

/* The directory part of path, "" for none; *ret_name points into path. */
static char *directory_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash ? slash + 1 : path;
	return slash ? strndup(path, (size_t)(slash - path)) : strdup("");
}

static int link_read(int dirfd, const char *name, char *target, size_t size)
{
	ssize_t n = readlinkat(dirfd, name, target, size - 1);

	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	target[n] = '\0';
	return (size_t)n == size - 1 ? -ENAMETOOLONG : 1;
}

int root_locate(
	const struct root *r, const char *path, int *ret_dirfd, char **ret_name, struct err *err)
{
	_cleanup_(str_free) char *at = strdup(path);

	for (int links = 0; at && links < LINKS_MAX; links++) {
		const char *name;
		char target[4096];
		_cleanup_(str_free) char *dir = directory_of(at, &name);
		if (!dir)
			break;
		_cleanup_(fd_close) int fd = root_fd(r, dir, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			return err_set(
				err, -fd, "%s: can't open its directory: %s", path, strerror(-fd));
		int rc = link_read(fd, name, target, sizeof(target));
		if (rc < 0)
			return err_set(
				err, -rc, "%s: can't read the link: %s", path, strerror(-rc));
		if (rc == 0) {
			*ret_name = strdup(name);
			if (!*ret_name)
				break;
			*ret_dirfd = fd;
			fd = -1;
			return 0;
		}
		/* RESOLVE_IN_ROOT keeps `..` and a leading slash inside the root. */
		char *next = NULL;
		if (target[0] == '/')
			next = strdup(target);
		else if (asprintf(&next, "%s/%s", dir, target) < 0)
			next = NULL;
		free(at);
		at = next;
	}
	return at ? err_set(err, ELOOP, "%s: too many links", path)
		  : err_set(err, ENOMEM, "%s: out of memory", path);
}
