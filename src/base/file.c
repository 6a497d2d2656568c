/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 is standard input, 1 standard output, 2 standard error. */
#define LAST_STANDARD 2

void fd_close(int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd);
	errno = saved;
	*fd = -1;
}

/*
 * A process that is started without standard input, output or error (a kernel that finds no
 * /dev/console starts init so) must not get one of their numbers for a file: the next message would
 * be written to it. An O_PATH descriptor, which cannot be read or written, permanently takes their
 * place.
 */
static bool fill_standard(void)
{
	int fd;

	do
		fd = open("/", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= LAST_STANDARD);
	return fd >= 0 && close(fd) == 0;
}

static int open_retry(int dirfd, const char *path, int flags, mode_t mode)
{
	for (;;) {
		int fd = openat(dirfd, path, flags, mode);
		if (fd > LAST_STANDARD || (fd < 0 && errno != EINTR))
			return fd;
		if (fd < 0)
			continue;
		(void)close(fd);
		if (!fill_standard())
			return -1;
	}
}

static ssize_t read_retry(int fd, char *buf, size_t size)
{
	for (;;) {
		ssize_t n = read(fd, buf, size);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}

/* -EPERM if another user than root or the caller may have written the file. The group bits cover
 * POSIX ACLs, too: they show the mask of all ACL entries. */
static int check_owner(const char *path, const struct stat *st, struct err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(err, EPERM,
			"%s: belongs to user %u, and what it says would be done as root; chown root it",
			path, (unsigned)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM,
			"%s: others than its owner may write it (mode %04o), and what it says would be done as root; chmod go-w it",
			path, (unsigned)st->st_mode & 07777);
	return 0;
}

static int read_whole(int dirfd, const char *path, size_t max, bool trusted, char **ret,
	size_t *ret_len, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO of that name must not wait for a writer. */
	_cleanup_(fd_close) int fd = open_retry(
		dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));

	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "%s: can't look at it: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s: is a directory, not a file", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: is not a regular file", path);
	int r = trusted ? check_owner(path, &st, err) : 0;
	if (r < 0)
		return r;
	if (st.st_size > (off_t)max)
		return err_set(err, EFBIG, "%s: has %lld bytes, %zu at most are read", path,
			(long long)st.st_size, max);

	/* The size is only a hint: the file may grow, and files of /proc report 0. One byte more
	 * than max shows that it grew beyond max. */
	size_t size = (st.st_size > 0 ? (size_t)st.st_size : 4095) + 2;
	_cleanup_(str_free) char *buf = malloc(size);
	if (!buf)
		return err_set(err, ENOMEM, "%s: out of memory", path);
	size_t len = 0;
	for (;;) {
		ssize_t n = read_retry(fd, buf + len, size - len - 1);
		if (n < 0)
			return err_set(err, errno, "%s: can't read it: %s", path, strerror(errno));
		len += (size_t)n;
		/* A file with a size is complete at that size; a file of /proc ends at an empty
		 * read. */
		if (n == 0 || (st.st_size > 0 && len == (size_t)st.st_size))
			break;
		if (len > max)
			return err_set(err, EFBIG, "%s: has more than %zu bytes", path, max);
		if (len + 1 < size)
			continue;
		char *more = realloc(buf, size * 2);
		if (!more)
			return err_set(err, ENOMEM, "%s: out of memory", path);
		buf = more;
		size *= 2;
	}
	buf[len] = '\0';
	*ret = buf;
	*ret_len = len;
	buf = NULL;
	return 0;
}

int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	return read_whole(dirfd, path, max, false, ret, ret_len, err);
}

int file_read_trusted(
	int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	return read_whole(dirfd, path, max, true, ret, ret_len, err);
}

ssize_t file_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_(fd_close) int fd = open_retry(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	if (fd < 0)
		return -errno;
	ssize_t n = read_retry(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_replace_volatile(
	int dirfd, const char *path, const char *data, size_t len, mode_t mode, struct err *err)
{
	_cleanup_(str_free) char *temp = NULL;
	if (asprintf(&temp, "%s.new", path) < 0)
		return err_set(err, ENOMEM, "%s: out of memory", path);

	/* O_NOFOLLOW and a fixed name: below /run only root can have put anything there. */
	_cleanup_(fd_close) int fd = open_retry(dirfd, temp,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode);
	if (fd < 0)
		return err_set(err, errno, "%s: can't create it: %s", temp, strerror(errno));
	int r = write_all(fd, data, len);
	if (r == 0 && renameat(dirfd, temp, dirfd, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, temp, 0);
		return err_set(err, -r, "%s: can't write it: %s", path, strerror(-r));
	}
	return 0;
}

int file_open_lock(int dirfd, const char *path, struct err *err)
{
	int fd = open_retry(
		dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
	return fd;
}
