/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_CHANGE_H
#define BOOTCFG_CHANGE_H

#include "bootcfg/karg_ops.h"
#include "bootcfg/strings.h"
#include "bootcfg/tokens.h"

/* x86 COMMAND_LINE_SIZE is 2048 with the final NUL (arch/x86/include/asm/setup.h); what is over it
 * is cut, by the EFI stub with a message, by the BIOS path without. */
#define CHANGE_LINE_MAX 2047

/* What becomes of one line. */
struct edit {
	char **fate;           /* a word: NULL stays, "" goes, else the word it becomes */
	size_t words;          /* length of fate */
	struct strings append; /* new words, in order */
	struct strings notes;  /* what a person should know */
};
void edit_done(struct edit *c);
bool edit_empty(const struct edit *c);

/*
 * Decides. Pure. -EINVAL with the reason where the request can't be met (it would take root= away,
 * the line would be longer than the kernel reads).
 */
int edit_decide(const struct tokens *l, const struct karg_ops *r, struct edit *ret,
	struct err *err) _must_check_;

/*
 * Where new words go when a field behind home holds a word of the same name, which would win over
 * them: to the last such field. Moves l->home; true when it did.
 */
bool edit_place(struct tokens *l, const struct karg_ops *r);

#endif
