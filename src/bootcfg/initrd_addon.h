/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_INITRD_ADDON_H
#define BOOTCFG_INITRD_ADDON_H

#include "bootcfg/args.h"
#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * --initrd for unified kernel images: an addon with the archive beside each, in NAME.efi.extra.d,
 * for its kernel alone (.uname). systemd-stub unpacks it behind the image's own from STUB_INITRDS
 * on, and an older one would take the words of the addon without it: so that one is refused, and
 * one whose version can't be read. Words go into the same file.
 */
#define INITRD_ADDON_NAME "vfio-bind.addon.efi"

/* True if --initrd is about this entry, and it starts such an image. */
bool initrd_addon_is_for(const struct args *a, const struct root *r, const struct boot_entry *e);

/* Adds an addon for each of these entries to s, unless it is there already. Where ukify can't be
 * run l->managed_by is set, as --addon does. -EINVAL for an image that can't take one. */
int initrd_addon_plan(const struct args *a, const struct root *r, const struct boot_entries *o,
	struct loaders *l, struct file_edits *s, struct err *err) _must_check_;

/* The addon of this entry's image: allocated, or NULL: no memory. */
char *initrd_addon_path(const struct boot_entry *e);

#endif
