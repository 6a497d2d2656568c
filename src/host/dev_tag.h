/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_DEV_TAG_H
#define HOST_DEV_TAG_H

#include "pci/devpath.h"

#include <stdbool.h>

/*
 * What tables and the kernel command line call a disk: /dev/..., UUID=, LABEL=, PARTUUID=,
 * PARTLABEL=, ID= (fstab(5)).
 */
#define DISK_NAME_SIZE 256

/* The path below /dev that it stands for, as udev makes it; false where it is none of these. */
bool dev_tag_path(const char *spec, char buf[static DEVPATH_MAX]);

/*
 * The name in /sys/class/block of the disk that is there now, by the links and nodes below root,
 * which stands for /. False where there is none.
 */
bool dev_tag_disk(int root, struct sysfs *s, const char *spec, char name[static DISK_NAME_SIZE]);

#endif
