/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MENU_ENTRIES_H
#define BOOTCFG_LOADER_MENU_ENTRIES_H

#include "bootcfg/format/menu.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * Adds the entries of one menu that is written by hand. A menu that cannot be read is one entry
 * with the reason. *ret_begin: the first of them in q->to, or NULL. 0 or -ENOMEM.
 */
int menu_entries_add(struct boot_reading *q, const struct loader *reader, enum menu_kind kind,
	const char *path, size_t *ret_begin) _must_check_;

/* True if the menu has an entry that is edited; also if it can't be read: the edit says why. */
bool menu_has_ours(const struct detect *s, const char *path, enum menu_kind kind);

#endif
