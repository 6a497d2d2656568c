/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_GRUB_INITRD_H
#define BOOTCFG_LOADER_GRUB_INITRD_H

#include "bootcfg/loader/loader.h"

/*
 * The `initrd` of a menu by grub-mkconfig: GRUB_EARLY_INITRD_LINUX_CUSTOM in /etc/default/grub, a
 * file beside the kernels that each entry loads before its initrd (GRUB manual, "Simple
 * configuration"; from 2.04 on). So it is not compressed: behind the first compressed byte the
 * kernel finds no microcode. Entries of their own are those of 10_linux once more, by a script
 * beside it, which leaves them out where the file is not there: the menu never has the words
 * without it.
 */
#define GRUB_INITRD_SCRIPT "etc/grub.d/45_vfio-bind"

int grub_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err) _must_check_;

/* Its `prefer`: GRUB_DEFAULT names the entry. */
int grub_prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err) _must_check_;

#endif
