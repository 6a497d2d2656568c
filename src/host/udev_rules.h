/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_UDEV_RULES_H
#define HOST_UDEV_RULES_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* Rules for this boot (udev(7)); udevd itself notices that one was written, when the next event
 * comes. */
#define UDEV_RULES_DIR "/run/udev/rules.d"

/*
 * Lets the file of this name in the directory, which is created, have these rules; without `some`
 * there is none afterwards. 0 or -errno with a text: then earlier rules are not left, which would
 * not follow the config any more.
 */
int udev_rules_put(const char *dir, const char *name, const struct text *rules, bool some,
	struct err *err) _must_check_;

#endif
