/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOTPLUG_RULES_H
#define HOST_HOTPLUG_RULES_H

#include "base/err.h"
#include "base/str.h"
#include "core/config.h"

/*
 * Without these udev rules, 70-vfio-bind.rules starts a process for each PCI function that udev
 * reports, in a coldplug for each function of the machine. They are written from a config, and read
 * before that file: they tell it which functions the config can't mean, by what udev itself
 * compares. Too many processes are no error; so each line matches at least what its selector means.
 */
#define HOTPLUG_RULES_NAME "69-vfio-bind.rules"

/*
 * Appends the rules. Returns false for a config of which udev can't evaluate a selector (a serial
 * number), or with errors: then there must be none.
 */
bool hotplug_rules_format(struct text *to, const struct config *c);

/*
 * Writes them into the directory, which is created, or removes them where there must be none. 0 or
 * -errno with a text; rules of another config are not left.
 */
int hotplug_rules_save(const char *dir, const struct config *c, struct err *err) _must_check_;

#endif
