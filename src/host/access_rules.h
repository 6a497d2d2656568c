/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_ACCESS_RULES_H
#define HOST_ACCESS_RULES_H

#include "base/err.h"
#include "base/str.h"
#include "core/config.h"

#include <stdbool.h>

/*
 * udev rules for who may open the devices that the config gives an owner, a group or a mode: the
 * node of the IOMMU group, /dev/vfio/GROUP, and that of the device itself, /dev/vfio/devices/vfioN
 * (drivers/vfio/group.c and device_cdev.c). The kernel makes both anew whenever a device comes to
 * vfio-pci, for root alone; so udev sets them each time. No rule holds a group's number, which may
 * not be known yet and may be another one after a boot.
 *
 * Behind the rules of distributions, before 99-*.rules of the administrator.
 */
#define ACCESS_RULES_NAME "72-vfio-bind-access.rules"

/* Does the config say who may open it? */
bool access_is_set(const struct device_settings *s);
/* The mode of its nodes: with a group and no mode, that may read and write, as udev does it. */
unsigned access_mode(const struct device_settings *s);

/* Appends the rules of the profile in effect. False if there is none, or for a config with
 * errors: then there must be no file. */
bool access_rules_format(struct text *to, const struct config *c);

/* Writes them into the directory, which is created, or removes them. 0 or -errno with a text;
 * rules of another config are not left. */
int access_rules_save(const char *dir, const struct config *c, struct err *err) _must_check_;

#endif
