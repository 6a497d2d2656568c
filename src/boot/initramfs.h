/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOT_INITRAMFS_H
#define BOOT_INITRAMFS_H

#include <stdbool.h>

/*
 * Does this run in an initramfs, where nothing is in use yet? Told by /etc/initrd-release
 * (initrd-release(5)), else by / being the file system that the kernel unpacked it to: "rootfs" in
 * mountinfo (init/do_mounts.c). A host whose / is a tmpfs has another one on top of that.
 */
bool initramfs_is_here(void);

#endif
