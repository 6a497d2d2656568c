/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_FOLLOW_H
#define BOOTCFG_LOADER_BLS_FOLLOW_H

#include "bootcfg/loader/loader.h"

/*
 * The entry of its own (bls_initrd) of kernels that come later. kernel-install removes the entry of
 * a kernel with the copies of it, and knows nothing of them when it makes one. So the lines that a
 * copy has more than its original are in a file, and a plugin of kernel-install
 * (96-vfio-bind-archive.install) adds them to a copy of each entry that it makes:
 *
 *	name -vfio-bind
 *	initrd /vfio-bind.cpio
 *	options rdinit=/usr/local/lib/vfio-bind/init
 */
#define BLS_FOLLOW "etc/kernel/vfio-bind.entry"
#define BLS_FOLLOW_MARK "# vfio-bind: a copy, with an archive" /* a copy begins with this line */

/* True if kernel-install makes entries such as this one: its name ends in its version. */
bool bls_follow_is_for(const struct boot_entry *e);

/* Adds the file to s. `name` is what an entry calls the archive. */
int bls_follow_add(const struct root *r, const struct initrd_job *job, const char *name,
	enum bls_reader reader, struct file_edits *s, struct err *err) _must_check_;

/* True for the text of such a copy: kernel-install makes it anew with its kernel. */
bool bls_follow_is_copy(const char *text);

/* Removes the copies that were made since, if the file is not there any more. Logs each. */
int bls_follow_end(const struct root *r, struct err *err) _must_check_;

#endif
