/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOSTDEVS_H
#define HOST_HOSTDEVS_H

#include "base/err.h"
#include "core/protected.h"
#include "pci/sysfs.h"

/*
 * Finds what the running system boots from, down to PCI functions:
 *
 * - the disks of /, /usr, /boot, the ESP, /etc and /var; of what fstab and crypttab need at boot
 *   (neither noauto nor nofail); of swap; of root=, resume= and similar words on the kernel command
 *   line. Through partitions, dm (LUKS, LVM), md, bcache, btrfs and bcachefs on several devices,
 *   ZFS, NVMe multipath, loop files and overlays.
 * - if one of these comes over the network, or the kernel command line sets the network up: the
 *   functions of the NICs of the route to the server.
 * - always: the functions of the NICs of the default route.
 * - if one of these disks may need a passphrase (dm-crypt, ZFS, bcachefs): the functions that
 *   keyboards are attached to.
 *
 * root is the directory used as / (its proc, etc, dev and run); cmdline is the kernel's, or NULL
 * for the one in proc. Reads tables and links only, and waits for nothing: no mount is accessed.
 * What cannot be found is in ret->unknown and ret->doubts. Returns 0, or -errno if the search could
 * not be made at all (no memory, no root). The caller empties *ret with protected_done in each
 * case.
 */
int hostdevs_find(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *sysfs, struct err *err) _must_check_;

#endif
