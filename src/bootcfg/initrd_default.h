/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_INITRD_DEFAULT_H
#define BOOTCFG_INITRD_DEFAULT_H

#include "bootcfg/args.h"
#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * --initrd FILE --add WORD --default: the entry of its own that these made becomes what boots
 * without a choice, by the file of its loader that says so (struct loader, prefer); no entry is
 * changed. Whether it boots is not asked here: `vfio-bind image --default` does.
 */

/* Plans it into s; nothing if it is so already. -EINVAL where there is no such entry, or the
 * default is set by hand. Where another tool makes the entries: LOADERS_OWNED. */
int initrd_default_plan(const struct args *a, const struct root *r, const struct boot_entries *o,
	struct loaders *l, struct file_edits *s, struct err *err) _must_check_;

/* -EIO unless the default is known, has the words and loads the file. */
int initrd_default_verify(
	const struct args *a, const struct boot_entries *after, struct err *err) _must_check_;

#endif
