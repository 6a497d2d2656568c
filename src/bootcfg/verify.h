/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_VERIFY_H
#define BOOTCFG_VERIFY_H

#include "bootcfg/loader/boot_entries.h"

/*
 * The rule by which an edit stays after its boot files were generated: what each entry will boot
 * with is read before and after, and compared.
 */
struct verify {
	const struct root *root;
	const struct boot_entries *before, *after;
	const struct strings *added, *removed; /* parameters, by the edit */
};

/*
 * -EIO if an entry of this system is gone or has lost root= (or what is in its place), lacks an
 * added parameter or still has a removed one; if a kernel, an initrd or an image that was there is
 * gone; if the default is gone; or if an entry of another system or a way back is another one.
 * Every other difference is added to *also as a sentence. An entry that is unknown proves nothing.
 */
int verify_entries(const struct verify *v, struct strings *also, struct err *err) _must_check_;

#endif
