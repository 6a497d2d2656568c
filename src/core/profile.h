/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include "core/config.h"

/*
 * Puts a profile into effect: its selectors in place of those of [bind] and [exclude], and its
 * settings of devices over those of [device], key by key. [guard] and [modules] hold for all of
 * them.
 *
 * NULL: the default one; without a default, [bind] itself. PROFILE_NONE selects nothing. May be
 * called again for another one. 0; -ENOENT if there is no such profile: then nothing is selected;
 * or -ENOMEM, which leaves the config as it is.
 */
int profile_choose(struct config *c, const char *name) _must_check_;

/* "a, b, none": all that may be chosen. */
#define PROFILE_NAMES_MAX ((PROFILES_MAX + 1UL) * (PROFILE_NAME_MAX + 1UL))
const char *profile_names(const struct config *c, char buf[static PROFILE_NAMES_MAX]);

#endif
