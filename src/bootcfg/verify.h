/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_VERIFY_H
#define BOOTCFG_VERIFY_H

#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * The rule by which an edit stays once its boot files are written, by a generator or by the edit
 * itself: what each entry will boot with is read before and after, and compared.
 */
struct verify {
	const struct root *root;
	const struct boot_entries *before, *after;
	const struct strings *added, *removed; /* parameters, by the edit */
	const struct strings *roots;           /* names of the root file system (struct loaders) */
	const struct strings *created;         /* paths of files that the edit made, or NULL */
	const struct karg_ops *request; /* an entry that meets it has the edit; NULL: not known */
	const char *initrd; /* what entries start besides by the edit, below the root; or NULL */
	const char *pick;   /* --entry, or NULL */
	bool direct;        /* no generator ran: nothing but the edit changed the entries */
};

/*
 * -EIO if an entry of this system is gone or has lost root= (or what is in its place), lacks an
 * added parameter or still has a removed one; if a kernel, an initrd or an image that was there is
 * gone; if the default is gone; or if an entry of another system or a way back is another one, but
 * for the one that was picked, and for another name of the root file system in a way back. Also if
 * an entry that was known is not any more: after a generator ran only where none of its words can
 * be read. Every other difference is added to *also as a sentence. Any other entry that is unknown
 * proves nothing.
 */
int verify_entries(const struct verify *v, struct strings *also, struct err *err) _must_check_;

#endif
