/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/initramfs.h"

#include "base/file.h"
#include "base/mounts.h"
#include "base/str.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTINFO_MAX (1U << 20)

bool initramfs_is_here(void)
{
	_cleanup_(mount_table_done) struct mount_table table = {0};
	struct statfs root;
	char *text = NULL;
	size_t len;

	if (access("/etc/initrd-release", F_OK) == 0)
		return true;
	if (statfs("/", &root) < 0 || (root.f_type != RAMFS_MAGIC && root.f_type != TMPFS_MAGIC))
		return false;
	/* Without /proc the boot is at its very beginning. */
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, NULL) < 0)
		return true;
	if (mount_table_parse(&table, text) < 0)
		return false;
	const struct mount_row *at = mount_table_at(&table, "/");
	return at && str_equal(at->type, "rootfs");
}
