/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BOOT_ENTRIES_H
#define BOOTCFG_LOADER_BOOT_ENTRIES_H

#include "bootcfg/edit_set.h"
#include "bootcfg/loader/karg_sources.h"

/* What each boot entry would give its kernel, read from what the boot loader itself reads. */
struct boot_entry {
	char *title, *path; /* path: the file it stands in */
	struct strings words;
};
struct boot_entries {
	struct boot_entry *v;
	size_t n;
};

/* The entries of grub.cfg, and those of the Boot Loader Specification that are edited here. */
int boot_entries_read(
	const struct root *r, const struct loaders *l, struct boot_entries *ret) _must_check_;
void boot_entries_done(struct boot_entries *o);

/* For each entry whether its kernel will get all of these words: `will have`, `will not have`. */
void boot_entries_print(const struct boot_entries *o, const struct strings *words, FILE *f);

#endif
