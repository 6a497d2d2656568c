/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/replace.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TEMP ".%s.vfio-new"
#define LAST_GOOD ".%s.vfio-old"
#define FILE_MAX ((size_t)16 << 20)

static bool on_fat(int fd)
{
	struct statfs st;
	return fstatfs(fd, &st) == 0 && st.f_type == MSDOS_SUPER_MAGIC;
}

/* FAT has no owners and no attributes: there is nothing to preserve. */
static bool tolerable(int fd, int code)
{
	return (code == EPERM || code == ENOTSUP) && on_fat(fd);
}

static int xattr_copy(int from, int to, const char *name)
{
	char value[4096];
	ssize_t len = fgetxattr(from, name, value, sizeof(value));

	if (len < 0)
		return errno == ENODATA ? 0 : -errno;
	return fsetxattr(to, name, value, (size_t)len, 0) < 0 ? -errno : 0;
}

static int xattrs_copy(int from, int to)
{
	char names[4096];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		int r = xattr_copy(from, to, name);
		if (r < 0 && !tolerable(to, -r))
			return r;
	}
	return 0;
}

/* Owner first: chown clears set-id bits, and an ACL depends on the mode. */
static int attributes_copy(int from, int to)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	if (fchown(to, st.st_uid, st.st_gid) < 0 && !tolerable(to, errno))
		return -errno;
	if (fchmod(to, st.st_mode & 07777) < 0 && !tolerable(to, errno))
		return -errno;
	return xattrs_copy(from, to);
}

static int data_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Returns 0 if the file has these bytes, -EBUSY if it has others. */
static int data_check(int dirfd, const char *name, const char *data, size_t len)
{
	char buf[16384];
	struct stat st;
	_cleanup_(fd_close) int fd = openat(
		dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	for (size_t at = 0;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return at == len ? 0 : -EBUSY;
		if ((size_t)n > len - at || memcmp(buf, data + at, (size_t)n) != 0)
			return -EBUSY;
		at += (size_t)n;
	}
}

struct replacement replacement_of_caller(const char *data, size_t len, mode_t mode)
{
	return (struct replacement){
		.data = data, .len = len, .mode = mode, .uid = geteuid(), .gid = getegid()};
}

static int temp_fill(int dirfd, const char *temp, int old, const struct replacement *to)
{
	_cleanup_(fd_close) int fd = openat(
		dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	int r = 0;
	if (old >= 0)
		r = attributes_copy(old, fd);
	else if ((fchown(fd, to->uid, to->gid) < 0 || fchmod(fd, to->mode) < 0) &&
		 !tolerable(fd, errno))
		r = -errno;
	if (r == 0)
		r = data_write(fd, to->data, to->len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r == 0 ? data_check(dirfd, temp, to->data, to->len) : r;
}

/* A copy of the old file on FAT; its name is hidden and has a suffix that no boot loader reads. */
static int last_good_make(int dirfd, const char *good, const struct replacement *to)
{
	struct replacement copy = replacement_of_caller(to->old, to->old_len, 0600);

	(void)unlinkat(dirfd, good, 0); /* left by a power loss: the journal has a copy, too */
	return temp_fill(dirfd, good, -1, &copy);
}

/* *ret_named: the new file has the name, whether it could be read back or not. */
static int swap_in(int dirfd, const char *name, const char *temp, const struct replacement *to,
	bool *ret_named)
{
	/* The last check before the rename: an editor or a package manager may have written the
	 * file. */
	if (to->old) {
		int r = data_check(dirfd, name, to->old, to->old_len);
		if (r < 0)
			return r;
		if (renameat(dirfd, temp, dirfd, name) < 0)
			return -errno;
	} else if (syscall(SYS_renameat2, dirfd, temp, dirfd, name, RENAME_NOREPLACE) < 0) {
		return errno == EEXIST ? -EBUSY : -errno;
	}
	*ret_named = true;
	if (fsync(dirfd) < 0 && errno != EINVAL)
		return -errno;
	return data_check(dirfd, name, to->data, to->len);
}

static int dir_handle(int dirfd)
{
	/* The given descriptor may be O_PATH, which cannot be flushed. */
	return openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int file_replace(int dirfd, const char *name, const struct replacement *to, struct err *err)
{
	_cleanup_(str_free) char *temp = NULL, *good = NULL;
	_cleanup_(fd_close) int dir = dir_handle(dirfd), old = -1;

	if (dir < 0)
		return err_set(
			err, errno, "%s: can't open its directory: %s", name, strerror(errno));
	if (asprintf(&temp, TEMP, name) < 0 || asprintf(&good, LAST_GOOD, name) < 0)
		return err_set(err, ENOMEM, "%s: out of memory", name);
	(void)unlinkat(dir, temp, 0); /* left by a power loss; writers have a lock */
	if (to->old) {
		old = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
		if (old < 0)
			return err_set(err, errno, "%s: can't open it: %s", name, strerror(errno));
	}
	bool fat = to->old && on_fat(dir), named = false;
	int r = temp_fill(dir, temp, old, to);
	if (r == 0 && fat)
		r = last_good_make(dir, good, to);
	if (r == 0)
		r = swap_in(dir, name, temp, to, &named);
	if (r < 0)
		(void)unlinkat(dir, temp, 0);
	if (fat) {
		if (r == 0 || !named)
			(void)unlinkat(dir, good, 0);
		(void)syncfs(dir);
	}
	if (r < 0 && fat && named)
		return err_set(err, -r,
			"%s: what was written can't be read back; a copy of the old file is beside it: %s",
			name, good);
	if (r == -EBUSY)
		return err_set(err, EBUSY, "%s: changed by another program meanwhile", name);
	return r < 0 ? err_set(err, -r, "%s: can't write it: %s", name, strerror(-r)) : 0;
}

/* Reads from the beginning; to < 0: only the hash. */
static int bytes_copy(int from, int to, uint64_t *ret_hash)
{
	char buf[65536];
	uint64_t hash = STR_HASH_BEGIN;

	for (off_t at = 0;;) {
		ssize_t n = pread(from, buf, sizeof(buf), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		int r = to < 0 ? 0 : data_write(to, buf, (size_t)n);
		if (r < 0)
			return r;
		hash = str_hash_more(hash, buf, (size_t)n);
		at += n;
	}
	*ret_hash = hash;
	return 0;
}

int file_hash(int fd, uint64_t *ret)
{
	return bytes_copy(fd, -1, ret);
}

static int copy_create(int dirfd, const char *name)
{
	int fd = openat(
		dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	return fd < 0 ? -errno : fd;
}

/* Flushes a copy with all that was set on it, and reads it back. */
static int copy_flush(int fd, uint64_t hash)
{
	uint64_t back = 0;

	if (fsync(fd) < 0)
		return -errno;
	int r = file_hash(fd, &back);
	return r == 0 && back != hash ? -EIO : r;
}

int file_copy(int from, int dirfd, const char *name, uint64_t *ret_hash)
{
	_cleanup_(fd_close) int fd = copy_create(dirfd, name);

	*ret_hash = 0;
	if (fd < 0)
		return fd;
	int r = bytes_copy(from, fd, ret_hash);
	return r == 0 ? copy_flush(fd, *ret_hash) : r;
}

int file_sync_dir(int dirfd)
{
	_cleanup_(fd_close) int dir = dir_handle(dirfd);

	return dir < 0 || (fsync(dir) < 0 && errno != EINVAL) ? -errno : 0;
}

int file_sync_all(int dirfd)
{
	_cleanup_(fd_close) int dir = dir_handle(dirfd);

	return dir < 0 || syncfs(dir) < 0 ? -errno : 0;
}

/* The extended attributes of the file that is replaced, if there is one; this mode and owner. */
static int copy_attributes(int dirfd, const char *name, int fd, mode_t mode, uid_t uid, gid_t gid)
{
	_cleanup_(fd_close) int old = openat(
		dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	int r = old >= 0 ? xattrs_copy(old, fd) : 0;

	if (r == 0 && (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0) && !tolerable(fd, errno))
		r = -errno;
	return r;
}

int file_replace_copy(
	int dirfd, const char *name, int from, mode_t mode, uid_t uid, gid_t gid, struct err *err)
{
	_cleanup_(str_free) char *temp = NULL;
	uint64_t hash = 0;

	if (asprintf(&temp, TEMP, name) < 0)
		return err_set(err, ENOMEM, "%s: out of memory", name);
	(void)unlinkat(dirfd, temp, 0);
	_cleanup_(fd_close) int fd = copy_create(dirfd, temp);
	int r = fd < 0 ? fd : bytes_copy(from, fd, &hash);
	if (r == 0)
		r = copy_attributes(dirfd, name, fd, mode, uid, gid);
	if (r == 0)
		r = copy_flush(fd, hash);
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, temp, 0);
	if (r == 0)
		r = file_sync_dir(dirfd);
	return r < 0 ? err_set(err, -r, "%s: can't write it: %s", name, strerror(-r)) : 0;
}

int file_replace_path(const char *path, const char *data, size_t len, mode_t mode, struct err *err)
{
	_cleanup_(str_free) char *real = realpath(path, NULL), *old = NULL;
	struct replacement to = replacement_of_caller(data, len, mode);

	if (!real && errno != ENOENT)
		return err_set(err, errno, "%s: can't find it: %s", path, strerror(errno));
	if (real) {
		int r = file_read(AT_FDCWD, real, FILE_MAX, &old, &to.old_len, err);
		if (r < 0)
			return r;
		to.old = old;
	} else if (!(real = strdup(path))) {
		return err_set(err, ENOMEM, "%s: out of memory", path);
	}
	char *slash = strrchr(real, '/'), *name = slash ? slash + 1 : real;
	if (slash)
		*slash = '\0';
	const char *directory = !slash ? "." : *real ? real : "/";
	_cleanup_(fd_close) int dir = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, errno, "%s: can't open it: %s", directory, strerror(errno));
	return file_replace(dir, name, &to, err);
}

void file_tidy(int dirfd, const char *name)
{
	_cleanup_(str_free) char *temp = NULL, *good = NULL;

	if (asprintf(&temp, TEMP, name) < 0 || asprintf(&good, LAST_GOOD, name) < 0)
		return;
	(void)unlinkat(dirfd, temp, 0);
	(void)unlinkat(dirfd, good, 0);
}

int file_rename(int dirfd, const char *from, const char *to)
{
	if (renameat(dirfd, from, dirfd, to) < 0)
		return -errno;
	_cleanup_(fd_close) int dir = dir_handle(dirfd);
	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}

int file_make_dir(int dirfd, const char *name)
{
	if (mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	_cleanup_(fd_close) int dir = dir_handle(dirfd);
	return dir < 0 || (fsync(dir) < 0 && errno != EINVAL) ? -errno : 0;
}

int file_remove(int dirfd, const char *name, const char *data, size_t len, struct err *err)
{
	_cleanup_(fd_close) int dir = dir_handle(dirfd);
	int r = dir < 0 ? -errno : data_check(dir, name, data, len);

	if (r == 0 && unlinkat(dir, name, 0) < 0)
		r = -errno;
	if (r == 0 && fsync(dir) < 0 && errno != EINVAL)
		r = -errno;
	if (r == -EBUSY)
		return err_set(err, EBUSY, "%s: changed by another program meanwhile", name);
	return r < 0 ? err_set(err, -r, "%s: can't remove it: %s", name, strerror(-r)) : 0;
}
