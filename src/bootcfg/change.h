/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_CHANGE_H
#define BOOTCFG_CHANGE_H

#include "bootcfg/commands.h"
#include "bootcfg/edit.h"
#include "bootcfg/journal.h"

/*
 * A change as a whole: its files, then the boot files that the distribution's tools generate from
 * them, and back. A change that was interrupted is finished or taken back by the next edit or
 * --undo; --status, --check and --history only report it.
 */

/* Writes all files of p and generates the boot files; if that fails, everything is undone. Prints
 * messages; err only has what was refused before anything was written. */
enum cmd_result change_make(const struct args *a, struct journal *j, const struct root *r,
	const struct loaders *l, const struct edit_set *p, struct err *err);

/* Generates the boot files of a change whose files are undone, and forgets it. */
enum cmd_result change_undone(
	const struct args *a, struct journal *j, const struct undone *done, struct err *err);

/* Undoes or finishes what was interrupted, before an edit. */
enum cmd_result unfinished_resolve(const struct args *a, struct journal *j, struct err *err);

/* Adds a sentence for each change that was interrupted, or is being made by another process:
 * *ret_any. Writes nothing. Where the user may not read the journal, *ret says so. */
int unfinished_list(
	const struct root *r, struct strings *ret, bool *ret_any, struct err *err) _must_check_;

#endif
