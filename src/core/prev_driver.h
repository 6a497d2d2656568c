/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PREV_DRIVER_H
#define CORE_PREV_DRIVER_H

#include "base/err.h"
#include "core/apply.h"
#include "core/plan.h"
#include "pci/scan.h"
#include "pci/sysfs.h"

/*
 * Two host drivers may match one device (nouveau and nvidia, cirrus-qemu and cirrusfb), and the
 * kernel probes them in the order in which they were loaded. So `bind` saves the driver of a
 * device, and `release` binds the device to it again. A note is a line in DIR/ADDRESS/host-driver,
 * where DIR is the directory of the reports:
 *
 *   10de:2204:1458:403b nouveau nouveau      the device, the driver's module (- if it is built in),
 *                                            the driver
 */
struct prev_driver {
	char driver[32]; /* "" for none */
	char module[56]; /* MODULE_NAME_LEN (include/linux/module.h); "" for none */
};

/*
 * Saves the driver in d->driver; nothing for a device with a vfio driver or none: the note saved
 * before stays. Returns 0, or -errno with a reason.
 */
int prev_driver_save(
	const char *dir, struct sysfs *s, const struct device *d, struct err *err) _must_check_;

/*
 * Reads the note of a device. Returns 0, with an empty driver if there is none; or -errno with a
 * reason and an empty driver: -EINVAL for anything that prev_driver_save does not write, -ESTALE if
 * the note belongs to another device that was at this address.
 */
int prev_driver_read(struct prev_driver *ret, const char *dir, const struct device *d,
	struct err *err) _must_check_;

/* For a device that is back with the host. */
void prev_driver_remove(const char *dir, struct pci_addr addr);

/* Before a plan is carried out on the running system: notes the driver of each device that it
 * binds. A note that can't be written stops nothing and is logged. */
void prev_driver_save_all(const char *dir, const struct plan *p, struct sysfs *s);

/* Afterwards: a device that kept or got back its driver has no note; one that was bound is no
 * longer marked as released (core/released). */
void prev_driver_after_bind(
	const char *dir, const struct plan *p, const struct apply_result *outcomes);

#endif
