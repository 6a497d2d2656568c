/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_INITRD_H
#define BOOTCFG_LOADER_BLS_INITRD_H

#include "bootcfg/loader/loader.h"

/*
 * The `initrd` of the loaders that read entries of the Boot Loader Specification: a further line
 * `initrd` in each, or in a copy of the default. A kernel that is installed later has its entries
 * from others: kernel-install/56-vfio-bind.install, and bls_follow.
 */
int bls_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err) _must_check_;

#endif
