/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BOOT_ENTRIES_H
#define BOOTCFG_LOADER_BOOT_ENTRIES_H

#include "bootcfg/loader/karg_sources.h"

#include <stdio.h>

/* The kernel parameters of each boot entry, read from the files of the boot loader itself. */
struct boot_entry {
	char *title, *path; /* path: the file of the entry */
	struct strings words;
};
struct boot_entries {
	struct boot_entry *v;
	size_t n;
};

/* Adds an entry without words; takes over the title, NULL: no memory. NULL: no memory. */
struct boot_entry *boot_entry_add(struct boot_entries *o, const char *path, char *title);

/* Reads the entries of the loaders that were found. */
int boot_entries_read(
	const struct root *r, const struct loaders *l, struct boot_entries *ret) _must_check_;
void boot_entries_done(struct boot_entries *o);

/* Prints for each entry whether its kernel gets all these words: `will have`, `will not have`. */
void boot_entries_print(const struct boot_entries *o, const struct strings *words, FILE *f);

#endif
