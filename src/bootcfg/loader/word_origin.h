/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_WORD_ORIGIN_H
#define BOOTCFG_LOADER_WORD_ORIGIN_H

#include "bootcfg/loader/boot_entries.h"

/* The program that makes the boot files: update-grub. Allocated; NULL: no memory. */
char *generator_name(const struct loaders *l);

/* The words of a source. Each has its place: "/FILE:LINE", or "by GENERATOR" where no file has it.
 */
struct source_words {
	struct strings words, places;
	size_t open; /* the first of them that only its reader knows, from 1; 0: all are known */
};
void source_words_done(struct source_words *o);

/* f: the format of the source, or less of it. -ENOMEM, or what the reader says. *ret is to be
 * emptied in each case. */
int source_words_read(const struct root *r, const struct loaders *l, const struct karg_source *s,
	const struct format *f, struct source_words *ret, struct err *err) _must_check_;

/*
 * Entries that a generator made have its words: each that is in a source which it reads gets that
 * place, "/etc/default/grub:6", and each other one becomes "by GENERATOR, in /FILE:LINE". Lines of
 * a script in /etc/grub.d that grub-mkconfig copied get the place in the script. The words of a
 * unified kernel image stay "in the image /FILE", with ", from /FILE:LINE" behind it. Entries that
 * are sources themselves, and those that no found loader makes, stay as they are. 0 or -ENOMEM.
 */
int word_origins_set(
	const struct root *r, const struct loaders *l, struct boot_entries *all) _must_check_;

#endif
