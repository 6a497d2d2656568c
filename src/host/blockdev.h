/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_BLOCKDEV_H
#define HOST_BLOCKDEV_H

#include "pci/devpath.h"
#include "pci/sysfs.h"
#include "shared/mounts.h"

#include <stdbool.h>

/*
 * Block devices by their names in /sys/class/block ("sda1", "dm-0", "cciss!c0d0"): what they are
 * parts of, what is made of them, what is mounted of them. The functions that call `each` for the
 * names of other devices stop at its first non-zero result and return it; 0, or -ENOMEM.
 */
#define BLOCKDEV_NAME_MAX 256

typedef int blockdev_each(const char *name, void *to);

/* Its directory, "devices/pci0000:00/…/sda/sda1"; false if there is no such device. */
bool blockdev_directory(struct sysfs *s, const char *name, char ret[static DEVPATH_MAX]);

bool blockdev_by_number(
	struct sysfs *s, unsigned major, unsigned minor, char ret[static BLOCKDEV_NAME_MAX]);
bool blockdev_number(struct sysfs *s, const char *name, unsigned *ret_major, unsigned *ret_minor);

bool blockdev_is_partition(struct sysfs *s, const char *name);

/* The disk of a partition: the directory above it; else the device itself. */
void blockdev_whole(struct sysfs *s, const char *name, char ret[static BLOCKDEV_NAME_MAX]);

/* What it is made of, and what is made of it: dm (LVM, LUKS), md, bcache, drbd (bd_link_disk_holder
 * in block/holder.c). */
int blockdev_slaves(struct sysfs *s, const char *name, blockdev_each *each, void *to);
int blockdev_holders(struct sysfs *s, const char *name, blockdev_each *each, void *to);

/* All devices of the btrfs that it is part of, itself too: one is mounted, any one of them. */
int blockdev_btrfs(struct sysfs *s, const char *name, blockdev_each *each, void *to);

/*
 * With multipath (the kernel's default for NVMe) a disk belongs to a subsystem, whose directory is
 * in the disk's; this calls each for the links to its controllers, as paths below /sys
 * (nvme_mpath_alloc_disk in drivers/nvme/host/multipath.c).
 */
int blockdev_controllers(struct sysfs *s, const char *directory, blockdev_each *each, void *to);

/* The tables of a system. Zero-initialised is empty. */
struct blockdev_mounts {
	struct mount_table mounts, swaps;
	const struct mount_row **by_number, **by_source; /* the mounts in these orders */
};

/* From the texts of mountinfo and swaps, of which each may be NULL. Returns 0 or -ENOMEM; the
 * caller empties *ret with blockdev_mounts_done in each case. */
int blockdev_mounts_parse(
	struct blockdev_mounts *ret, const char *mountinfo, const char *swaps) _must_check_;
void blockdev_mounts_done(struct blockdev_mounts *m);

/* A use of a disk: exactly one of the three. */
struct blockdev_use {
	const char *name;              /* the device in use, by blockdev_label */
	const struct mount_row *mount; /* it is mounted */
	bool swap;                     /* it is swap space */
	bool holder;                   /* it is made of the disk, and has no other use */
};

/*
 * Calls each for the uses of a device: its own, those of its partitions, those of the devices made
 * of it, at any depth, and those of the btrfs that it is part of. One use may come several times.
 * Stops at the first non-zero result and returns it; 0, or -ENOMEM.
 */
int blockdev_uses(struct sysfs *s, const struct blockdev_mounts *m, const char *name,
	int (*each)(const struct blockdev_use *use, void *to), void *to) _must_check_;

/*
 * The names of a disk in tables and on the kernel command line: /dev/..., UUID=, LABEL=, PARTUUID=,
 * PARTLABEL=, ID= (fstab(5)).
 */

/* The path below /dev that udev creates for it; false if it is not such a name. */
bool dev_tag_path(const char *spec, char buf[static DEVPATH_MAX]);

/*
 * The name in /sys/class/block of the current disk, from the links and nodes below root, the
 * directory used as /. False if there is none.
 */
bool dev_tag_disk(int root, struct sysfs *s, const char *spec, char name[static BLOCKDEV_NAME_MAX]);

#endif
