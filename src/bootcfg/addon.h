/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_ADDON_H
#define BOOTCFG_ADDON_H

#include "bootcfg/args.h"
#include "bootcfg/edit.h"

/*
 * --addon: parameters behind the line of unified kernel images, in an addon that systemd-stub
 * reads beside them (from 254 on; systemd-stub(7)), so that no image is made again. One file of our
 * own, which ukify writes: for all images of a boot partition, or with --entry for one.
 */
#define ADDON_NAME "vfio-bootcfg.addon.efi"

/*
 * Plans the addon: *ret has its file, before and after; nothing if the images have all words
 * already. Where it can't be written (no ukify, or Secure Boot is on and there is no key to sign it
 * with) l->managed_by is set, and l->by_hand has the command. -EINVAL for a request that an addon
 * can't carry: it only adds. -ENOENT if no image is found that
 * reads addons, LOADERS_NO_ENTRY if --entry names none.
 */
int addon_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err) _must_check_;

/* True if a change, or an undone one, wrote addons alone: no boot file is made from them. */
bool addon_made(const struct journal_entry *e);
bool addon_undone(const struct undone *u);

#endif
