/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_BOOT_STAT_H
#define BOOTCFG_BOOT_STAT_H

#include "base/str.h"
#include "shared/root.h"

/*
 * Lists all files in these directories (/boot, the ESP), each with inode, size and times, to find
 * out whether a failed tool wrote a boot file. Two equal texts: nothing was written between them.
 * -ENOMEM, or -E2BIG for directories too large for a boot partition.
 */
int boot_stat_read(const struct root *r, const struct strings *dirs, struct text *ret) _must_check_;

#endif
