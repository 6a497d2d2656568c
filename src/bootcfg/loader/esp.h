/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ESP_H
#define BOOTCFG_LOADER_ESP_H

#include "shared/root.h"

/* The EFI system partition and the extended boot partition of the disk with /. */
struct esps {
	struct strings mounted; /* mount points, below the root: boot/efi, … */
	struct strings devices; /* partitions that are not mounted: /dev/sda1 */
	bool booted;            /* … and devices has only the one of the boot loader */
};
void esps_done(struct esps *e);

/* Finds them by partition type, on the running system only, and only if / is on a disk. 0 or
 * -ENOMEM; *ret is to be emptied in each case. */
int esp_find(const struct root *r, struct esps *ret) _must_check_;

/* The one of these directories below the root where the partition with this UUID is mounted; NULL
 * if none, or not known (NULL for a UUID, no permission to read the disk). */
const char *esp_mounted(const struct root *r, const char *uuid, const struct strings *boots);

/*
 * True if a file is on a boot partition that a loader from the partition with this UUID does not
 * read: another EFI system partition, or the extended boot partition of another disk (Boot Loader
 * Specification, "The partitions"). False if that is not known.
 */
bool esp_is_other(const struct root *r, const char *uuid, const char *path);

#endif
