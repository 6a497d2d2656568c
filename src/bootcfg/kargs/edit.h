/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_EDIT_H
#define BOOTCFG_KARGS_EDIT_H

#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/kargs/tokens.h"
#include "shared/strings.h"

/* x86 COMMAND_LINE_SIZE is 2048 with the final NUL (arch/x86/include/asm/setup.h); what is over it
 * is cut, by the EFI stub with a message, by the BIOS path without. */
#define CHANGE_LINE_MAX 2047

/* What becomes of one line. */
struct edit {
	char **new_text;       /* a word: NULL stays, "" goes, else the word it becomes */
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

/* The line after the change, word by word, to be compared with a second reading. */
int edit_expect(const struct tokens *l, const struct edit *c, struct strings *ret) _must_check_;

/*
 * How a format writes words at a place: `text` is kernel spelling, possibly with a blank at either
 * end. -EINVAL where the format can't carry it.
 */
typedef int (*edit_encode)(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err);

/* One replacement of text[begin, end) of file. */
struct splice {
	uint16_t file;
	size_t begin, end, order;
	char *text; /* allocated */
};
struct splices {
	struct splice *v;
	size_t n;
};
void splices_done(struct splices *s);
int splices_add(
	struct splices *s, uint16_t file, size_t begin, size_t end, const char *text) _must_check_;

/* What was decided as replacements of text: cuts of the cells that go, and the new words. -EINVAL
 * with the reason where the format can't write them. */
int edit_splice(const struct tokens *l, const struct edit *c, edit_encode encode,
	struct splices *ret, struct err *err) _must_check_;

/* The text of `file` with its splices done. */
int splices_apply(struct splices *s, uint16_t file, const char *text, size_t len,
	struct text *ret) _must_check_;

#endif
