/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_OUTLOOK_H
#define BOOTCFG_OUTLOOK_H

#include "bootcfg/edit.h"
#include "bootcfg/places.h"

/* What each boot entry would give its kernel, read from what the boot loader itself reads. */
struct boot_entry {
	char *title, *path; /* path: the file it stands in */
	struct strings words;
};
struct outlook {
	struct boot_entry *v;
	size_t n;
};

/* The entries of grub.cfg, and those of the Boot Loader Specification that are edited here. */
int outlook_read(const struct root *r, const struct loaders *l, struct outlook *ret) _must_check_;
void outlook_done(struct outlook *o);

/* For each entry whether its kernel will get all of these words: `will have`, `will not have`. */
void outlook_print(const struct outlook *o, const struct strings *words, FILE *f);

#endif
