/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_DEV_TAG_H
#define HOST_DEV_TAG_H

#include "host/blockdev.h"

#include <stdbool.h>

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
