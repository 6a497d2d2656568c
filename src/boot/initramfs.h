/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOT_INITRAMFS_H
#define BOOT_INITRAMFS_H

#include <stdbool.h>

/*
 * True in an initramfs, where nothing is in use yet: /etc/initrd-release exists
 * (initrd-release(5)), or / is the file system into which the kernel unpacked it, "rootfs" in
 * mountinfo (init/do_mounts.c). A host whose / is a tmpfs has another one on top of that.
 */
bool initramfs_is_here(void);

#endif
