/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_BOOT_STAT_H
#define BOOTCFG_BOOT_STAT_H

#include "base/str.h"
#include "shared/root.h"

/*
 * Whether a tool that failed has touched a boot file: all that lies in these directories (/boot,
 * the ESP), each with its inode, size and times. Two equal texts: nothing was written between them.
 * -ENOMEM, and -E2BIG for directories that are no boot partition's.
 */
int boot_stat_read(const struct root *r, const struct strings *dirs, struct text *ret) _must_check_;

#endif
