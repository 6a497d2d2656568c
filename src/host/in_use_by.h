/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_IN_USE_BY_H
#define HOST_IN_USE_BY_H

#include "base/str.h"
#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * The current uses of a function: with them its driver would not unbind, or would unbind from under
 * a user; an unbind waits for them uninterruptibly. Written as phrases with commas between them: a
 * mounted disk or one used as swap, also through LVM, LUKS, RAID or btrfs, the console on a
 * framebuffer, processes that have a node of it open (/dev/dri/card0, /dev/nvidia0,
 * /dev/snd/controlC1, and /dev/vfio/14 of one in a VM).
 *
 * live: sysfs is that of this machine, so /proc and /dev belong to it, too. Only reads; never waits
 * for a driver. Returns the number of uses, or -ENOMEM. Files that cannot be read count as no use.
 */
int in_use_by_find(
	struct text *ret, struct sysfs *s, const struct device *d, bool live) _must_check_;

#endif
