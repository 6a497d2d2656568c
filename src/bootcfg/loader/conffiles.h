/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_CONFFILES_H
#define BOOTCFG_LOADER_CONFFILES_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/*
 * Sets the owner of each file in a directory for drop-ins (its name ends in .d). A conffile of a
 * package is that package's: dpkg asks at each upgrade about one that was edited, and takes it away
 * with the package (Debian policy, 10.7). pacman's lists say the same, and rpm itself, which is run
 * on the running system. Other files are the administrator's; without any of these it is not known:
 * of rpm's database below another root that is a note. 0 or -ENOMEM.
 */
int conffiles_find(const struct root *r, struct file_edits *s) _must_check_;

#endif
