/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_GRUB_OWN_H
#define BOOTCFG_LOADER_GRUB_OWN_H

#include "bootcfg/loader/loader.h"

/*
 * The `own` of a menu by grub-mkconfig: a script in /etc/grub.d that runs 10_linux once more for
 * each line of the list. Behind 30_os-prober and 40_custom: a number in GRUB_DEFAULT means the same
 * entry as before.
 */
#define GRUB_OWN_SCRIPT "etc/grub.d/46_vfio-bind-entries"

int grub_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err) _must_check_;

#endif
