/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/efivar.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The attributes, in the order of bytes of the machine. */
#define PREFIX sizeof(uint32_t)

#define FILESYSTEMS "/proc/filesystems"

/* Finds the line "nodev\tefivarfs": mounting it would make the kernel start modprobe instead. */
static bool kernel_has_efivarfs(void)
{
	char list[4096];

	return file_read_small(AT_FDCWD, FILESYSTEMS, list, sizeof(list)) > 0 &&
	       strstr(list, "\tefivarfs\n");
}

/* A mount without a mount point (fsmount(2), since Linux 5.2): it ends with its last descriptor. */
static int mount_for_us(struct err *err)
{
	int r = -1;
	_cleanup_(fd_close) int context = (int)syscall(SYS_fsopen, "efivarfs", FSOPEN_CLOEXEC);

	if (context >= 0 && syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		r = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return r >= 0 ? r : err_set(err, errno, "can't mount efivarfs: %s", strerror(errno));
}

int efivar_open(int place, bool tree, struct err *err)
{
	struct statfs fs;

	if (tree || (fstatfs(place, &fs) == 0 && (uint32_t)fs.f_type == EFIVARFS_MAGIC)) {
		int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd >= 0 ? fd : err_set(err, errno, "the EFI variables: %s", strerror(errno));
	}
	return kernel_has_efivarfs() ? mount_for_us(err) : -ENODEV;
}

ssize_t efivar_read(int variables, const char *name, uint32_t *ret_attributes, uint8_t *data,
	size_t size, struct err *err)
{
	uint8_t all[PREFIX + EFIVAR_DATA_MAX + 1];
	_cleanup_(fd_close) int fd = openat(
		variables, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return 0;
	ssize_t n = fd < 0 ? -1 : read(fd, all, sizeof(all));
	if (n < 0)
		return err_set(err, errno, "the EFI variable %s: can't read it: %s", name,
			strerror(errno));
	if ((size_t)n < PREFIX || (size_t)n - PREFIX > size)
		return err_set(err, EBADMSG,
			(size_t)n < PREFIX ? "the EFI variable %s has no attributes"
					   : "the EFI variable %s is longer than %zu bytes",
			name, size);
	if (ret_attributes)
		memcpy(ret_attributes, all, PREFIX);
	memcpy(data, all + PREFIX, (size_t)n - PREFIX);
	return n - (ssize_t)PREFIX;
}

/* efivarfs makes files immutable unless they are known to be harmless, against rm -rf. Returns the
 * previous state. */
static bool set_immutable(int variables, const char *name, bool on)
{
	int flags;
	_cleanup_(fd_close) int fd = openat(
		variables, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	bool was = flags & FS_IMMUTABLE_FL;
	flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	if (was != on)
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	return was;
}

static const char *write_strerror(int code)
{
	switch (code) {
	case ENOSPC:
		return "the firmware's store is full";
	case EROFS:
		return "efivarfs is read-only";
	case EPERM:
	case EACCES:
		return "not permitted (lockdown, or not root)";
	default:
		return strerror(code);
	}
}

int efivar_write(int variables, const char *name, const uint8_t *data, size_t len, struct err *err)
{
	uint8_t all[PREFIX + EFIVAR_DATA_MAX];
	bool made = false;

	if (len > EFIVAR_DATA_MAX)
		return err_set(err, EINVAL, "%zu bytes are too many for an EFI variable", len);
	memcpy(all, &(uint32_t){EFIVAR_ATTRIBUTES}, PREFIX);
	memcpy(all + PREFIX, data, len);
	bool immutable = set_immutable(variables, name, false);
	_cleanup_(fd_close) int fd = openat(
		variables, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(variables, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0644);
		made = fd >= 0;
	}
	/* One write(2) writes the whole variable or nothing. */
	bool written = fd >= 0 && write(fd, all, PREFIX + len) == (ssize_t)(PREFIX + len);
	int code = errno;
	if (immutable)
		(void)set_immutable(variables, name, true);
	if (made && !written)
		(void)unlinkat(variables, name, 0);
	return written ? 0
		       : err_set(err, code, "the EFI variable %s: can't write it: %s", name,
				 write_strerror(code));
}

int efivar_remove(int variables, const char *name, struct err *err)
{
	bool immutable = set_immutable(variables, name, false);
	if (unlinkat(variables, name, 0) == 0 || errno == ENOENT)
		return 0;
	int code = errno;
	if (immutable)
		(void)set_immutable(variables, name, true);
	return err_set(
		err, code, "the EFI variable %s: can't remove it: %s", name, write_strerror(code));
}
