/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MENU_OWN_H
#define BOOTCFG_LOADER_MENU_OWN_H

#include "bootcfg/loader/loader.h"

/*
 * The `own` of menus that a person writes: behind the other entries a copy of the default, or of
 * the only one, for each of the list. It stays as it is with the next kernel, so the names of its
 * kernel and initrd have no version; -EINVAL for one that has. A number in the menu that says what
 * boots by default means the same entry as before.
 */
int menu_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err) _must_check_;

#endif
