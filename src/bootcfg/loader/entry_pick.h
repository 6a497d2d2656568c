/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ENTRY_PICK_H
#define BOOTCFG_LOADER_ENTRY_PICK_H

#include "bootcfg/loader/table.h"

#define LOADERS_NO_ENTRY (-1005) /* --entry names none, or one that has no words of its own */

/*
 * loaders_find() for --entry ID or default: of the sources only that entry's own words are left,
 * and no command has to run. An entry is called by its id or its title, as --status shows them;
 * `default` is the one that its loader starts without a choice. Where the words of all entries
 * come from one source the entry has none of its own: LOADERS_NO_ENTRY.
 */
int loaders_find_entry(const struct root *r, const struct loaders_options *o, struct loaders *ret,
	struct err *err) _must_check_;

/* True if --entry `pick` names this entry; `all` each of this system. */
bool entry_is_picked(const struct boot_entry *e, const char *pick);

/* Adds a note for each way back that cannot boot any more. 0 or -ENOMEM. */
int ways_back_check(
	const struct root *r, const struct loaders *l, struct strings *notes) _must_check_;

#endif
