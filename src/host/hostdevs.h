/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOSTDEVS_H
#define HOST_HOSTDEVS_H

#include "base/err.h"
#include "core/protected.h"
#include "pci/sysfs.h"

/*
 * Finds what the running system stands on, down to PCI functions:
 *
 * - the disks of /, /usr, /boot, the ESP, /etc and /var; of what fstab and crypttab need at boot
 *   (neither noauto nor nofail); of swap; of root=, resume= and their like on the kernel command
 *   line. Through partitions, dm (LUKS, LVM), md, bcache, btrfs and bcachefs of several devices,
 *   ZFS, NVMe multipath, loop files and overlays.
 * - if / or /usr comes over the network, or the kernel command line sets it up for them: the
 *   functions behind the interfaces of the default route and of the route to the server.
 * - if one of those disks is under dm-crypt: the functions that keyboards hang on.
 *
 * root stands for / (its proc, etc, dev and run); cmdline is the kernel's, or NULL for the one in
 * proc. Reads tables and links only, and waits for nothing: no mount is entered. What can't be
 * found out is in ret->unknown. 0, or -errno where the search could not be made at all (no memory,
 * no root). To be emptied with protected_done in each case.
 */
int hostdevs_find(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *sysfs, struct err *err) _must_check_;

#endif
