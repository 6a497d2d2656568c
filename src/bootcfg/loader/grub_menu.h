/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_GRUB_MENU_H
#define BOOTCFG_LOADER_GRUB_MENU_H

#include "bootcfg/loader/boot_entries.h"

/*
 * Adds the entries of grub.cfg and of what it sources (custom.cfg), submenus too. The script is not
 * run: a variable that is set in one place has its value, one that is set in several (vt_handoff)
 * leaves its words open. 0 or -ENOMEM.
 */
int grub_menu_read(struct boot_reading *q, const struct loader *reader) _must_check_;

/*
 * The value of a variable while an entry is loaded: from grub.cfg, else from the environment block;
 * "" where neither sets it. Its place in *ret_source, or NULL. NULL: it is not known. Both
 * allocated.
 */
char *grub_menu_variable(const struct boot_reading *q, const char *name, char **ret_source);

#endif
