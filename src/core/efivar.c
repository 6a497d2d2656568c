/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/efivar.h"

#include "base/file.h"
#include "base/str.h"
#include "core/kmod.h"
#include "pci/sysfs.h"

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

/* The first bytes of each file of efivarfs (Documentation/filesystems/efivarfs.rst): kept over a
 * power cycle, accessible to the boot loader and the system. */
#define ATTRIBUTES 7
#define PREFIX 4

#define FILESYSTEMS "/proc/filesystems"

int efivar_place(const char *sysfs)
{
	return sysfs_directory(sysfs, "firmware/efi/efivars");
}

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

int efivar_open(int place, bool tree, bool load, struct err *err)
{
	struct statfs fs;
	struct err reason = {""};

	if (tree || (fstatfs(place, &fs) == 0 && (uint32_t)fs.f_type == EFIVARFS_MAGIC)) {
		int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd >= 0 ? fd : err_set(err, errno, "the EFI variables: %s", strerror(errno));
	}
	if (!kernel_has_efivarfs()) {
		if (!load)
			return err_set(err, ENODEV,
				"efivarfs is not loaded; [guard] efivarfs = load has it loaded");
		int r = module_load("efivarfs", NULL, &reason);
		if (r < 0)
			return err_set(err, -r, "efivarfs can't be loaded: %.300s", reason.text);
	}
	return mount_for_us(err);
}

ssize_t efivar_read(int variables, uint8_t *data, size_t size, struct err *err)
{
	uint8_t all[PREFIX + EFIVAR_DATA_MAX + 1];
	static const uint8_t prefix[PREFIX] = {ATTRIBUTES};
	_cleanup_(fd_close) int fd = openat(
		variables, EFIVAR_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return 0;
	ssize_t n = fd < 0 ? -1 : read(fd, all, sizeof(all));
	if (n < 0)
		return err_set(err, errno, "the EFI variable " EFIVAR_NAME ": can't read it: %s",
			strerror(errno));
	if ((size_t)n < PREFIX || (size_t)n - PREFIX > size || memcmp(all, prefix, PREFIX) != 0)
		return err_set(err, EBADMSG, "the EFI variable " EFIVAR_NAME " is none of ours");
	memcpy(data, all + PREFIX, (size_t)n - PREFIX);
	return n - PREFIX;
}

/* efivarfs makes files immutable unless they are known to be harmless, against rm -rf. Returns the
 * previous state. */
static bool set_immutable(int variables, bool on)
{
	int flags;
	_cleanup_(fd_close) int fd = openat(
		variables, EFIVAR_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

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

int efivar_write(int variables, const uint8_t *data, size_t len, struct err *err)
{
	uint8_t all[PREFIX + EFIVAR_DATA_MAX] = {ATTRIBUTES};
	bool made = false;

	if (len > EFIVAR_DATA_MAX)
		return err_set(err, EINVAL, "%zu bytes are too many for an EFI variable", len);
	memcpy(all + PREFIX, data, len);
	bool immutable = set_immutable(variables, false);
	_cleanup_(fd_close) int fd = openat(
		variables, EFIVAR_NAME, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(variables, EFIVAR_NAME,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		made = fd >= 0;
	}
	/* One write(2) writes the whole variable or nothing. */
	bool written = fd >= 0 && write(fd, all, PREFIX + len) == (ssize_t)(PREFIX + len);
	int code = errno;
	if (immutable)
		(void)set_immutable(variables, true);
	if (made && !written)
		(void)unlinkat(variables, EFIVAR_NAME, 0);
	return written ? 0
		       : err_set(err, code, "the EFI variable " EFIVAR_NAME ": can't write it: %s",
				 write_strerror(code));
}

int efivar_remove(int variables, struct err *err)
{
	bool immutable = set_immutable(variables, false);
	if (unlinkat(variables, EFIVAR_NAME, 0) == 0 || errno == ENOENT)
		return 0;
	int code = errno;
	if (immutable)
		(void)set_immutable(variables, true);
	return err_set(err, code, "the EFI variable " EFIVAR_NAME ": can't remove it: %s",
		write_strerror(code));
}
