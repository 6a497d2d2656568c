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

/* What makes the entries of each kernel, which scripts of our own run once more. */
#define GRUB_ENTRIES_SCRIPT "etc/grub.d/10_linux"
/* … with one entry a kernel, where $linux is its path. */
#define GRUB_ONE_ENTRY_A_KERNEL                                                                    \
	"GRUB_DISABLE_RECOVERY=true\n"                                                             \
	"# One entry a kernel: what says so was `y`, and is `true` from 2.12 on.\n"                \
	"GRUB_DISABLE_SUBMENU=y\n"                                                                 \
	"! grep -q 'SUBMENU}\" != xtrue' $linux || GRUB_DISABLE_SUBMENU=true\n"

int grub_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err) _must_check_;

/* Its `prefer`: GRUB_DEFAULT names the entry. */
int grub_prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err) _must_check_;

#endif
