/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ESP_H
#define BOOTCFG_LOADER_ESP_H

#include "shared/root.h"

/* The EFI system partition and the extended boot partition of the disk that holds /. */
struct esps {
	struct strings mounted; /* where they are mounted, below the root: boot/efi, … */
	struct strings devices; /* those that are mounted nowhere: /dev/sda1 */
	bool booted;            /* … and devices has only the one the boot loader came from */
};
void esps_done(struct esps *e);

/* By partition type, on the running system; nothing elsewhere, or where / is on no disk. 0 or
 * -ENOMEM; to be emptied in each case. */
int esp_find(const struct root *r, struct esps *ret) _must_check_;

/* Where the partition of this UUID is mounted, of these directories below the root; NULL where it
 * is none of them, or nobody can tell (NULL for a UUID, no right to read the disk). */
const char *esp_mounted(const struct root *r, const char *uuid, const struct strings *boots);

/*
 * Whether a file lies on a boot partition that a loader from the partition of this UUID does not
 * read: another EFI system partition, or the extended boot partition of another disk (Boot Loader
 * Specification, "The partitions"). False where nobody can tell.
 */
bool esp_is_other(const struct root *r, const char *uuid, const char *path);

#endif
