/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_IN_USE_BY_H
#define HOST_IN_USE_BY_H

#include "base/str.h"
#include "pci/scan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * Who uses a function right now, so that its driver would not let it go, or let it go under
 * somebody's hands: an unbind waits for them where no signal reaches. Told as sentences with
 * commas between: a disk that is mounted or swapped to, the console on a framebuffer, processes
 * that have a node of it open (/dev/dri/card0, /dev/nvidia0, /dev/snd/controlC1, and /dev/vfio/14
 * of one that a VM has).
 *
 * live: sysfs is that of this machine, so /proc and /dev speak of it too. Only reads; never waits
 * for a driver. Returns how many there are, or -ENOMEM. What can't be read tells of nobody.
 */
int in_use_by_find(
	struct text *ret, struct sysfs *s, const struct device *d, bool live) _must_check_;

#endif
