/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_ENTRIES_H
#define BOOTCFG_LOADER_BLS_ENTRIES_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/loader/boot_entries.h"

/*
 * Adds the entries of the Boot Loader Specification, type 1, with the words that this reader takes
 * from them. `variable`: the value of a variable of GRUB, with its place in *ret_source; NULL: it
 * is not set. Both allocated. NULL for a reader without variables. 0 or -ENOMEM.
 */
int bls_entries_read(struct boot_reading *q, const struct loader *loader, enum bls_reader reader,
	char *(*variable)(
		const struct boot_reading *q, const char *name, char **ret_source)) _must_check_;

#endif
