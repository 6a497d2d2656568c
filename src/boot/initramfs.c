/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/initramfs.h"

#include "base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

bool initramfs_is_here(void)
{
	struct statfs root;
	char line[256];

	if (access("/etc/initrd-release", F_OK) == 0)
		return true;
	if (statfs("/", &root) < 0 || (root.f_type != RAMFS_MAGIC && root.f_type != TMPFS_MAGIC))
		return false;
	/* Without /proc the boot has only begun. */
	if (file_read_small(AT_FDCWD, "/proc/self/mountinfo", line, sizeof(line)) < 0)
		return true;
	/* The kernel's own mount comes first; if another is mounted over it, it is unreachable and
	 * not listed (show_mountinfo in fs/proc_namespace.c). One line only: boot waits for
	 * each. */
	line[strcspn(line, "\n")] = '\0';
	return strstr(line, " / / ") && strstr(line, " - rootfs "); /* proc_pid_mountinfo(5) */
}
