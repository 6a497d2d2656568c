/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_INITRD_H
#define BOOTCFG_INITRD_H

#include "bootcfg/args.h"
#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * --initrd FILE: an archive (of `vfio-bind image`) that boot entries load besides their own initrd,
 * by the way of their loader (struct loader, initrd). With --add WORD the entries stay as they are,
 * and one of its own has archive and words together: the kernel does not boot with the word alone.
 */

/* Plans it: *ret has the files, before and after; nothing if it is so already. Where the entries
 * are another tool's: LOADERS_OWNED. */
int initrd_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err) _must_check_;

/* True for an entry that loads it: the file, or an addon that has it. */
bool initrd_loads(const struct args *a, const struct boot_entry *e);

/* The file as paths of entries are: below the root, without a leading slash. */
const char *initrd_path(const struct args *a);

/* -EIO unless what was asked for came of it: each entry of this system but ways back, or the one
 * that was picked, loads the file; with words there is an entry with them, and each such loads it.
 */
int initrd_verify(
	const struct args *a, const struct boot_entries *after, struct err *err) _must_check_;

/* True if the entries are known and initrd_verify would fail. */
bool initrd_lacks(const struct args *a, const struct boot_entries *o);

/* A line for each entry that starts Linux: whether it loads the file. */
void initrd_print(const struct args *a, const struct boot_entries *o, FILE *f);

#endif
