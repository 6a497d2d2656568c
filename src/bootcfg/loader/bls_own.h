/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_OWN_H
#define BOOTCFG_LOADER_BLS_OWN_H

#include "bootcfg/loader/loader.h"

/*
 * The `own` and `own_files` of the loaders that read entries of the Boot Loader Specification: a
 * copy of the entry of each kernel beside it, NAME-TAIL.conf or NAME~TAIL.conf, whose first line is
 * a comment that says what it is. kernel-install writes the entry of a kernel and removes it, and
 * its plugin has the copies follow; an entry that a person wrote stays as it is, and so does its
 * copy if the name of its kernel has no version.
 */
int bls_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err) _must_check_;
int bls_own_files(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err) _must_check_;

/* True if the file of an entry, of this name and these bytes, is such a copy. */
bool bls_own_is_copy(const char *name, const char *text, size_t len);

#endif
