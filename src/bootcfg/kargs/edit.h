/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_EDIT_H
#define BOOTCFG_KARGS_EDIT_H

#include "base/strings.h"
#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/kargs/tokens.h"

/* x86 COMMAND_LINE_SIZE is 2048 with the final NUL (arch/x86/include/asm/setup.h); the rest is cut,
 * by the EFI stub with a message, by the BIOS path without one. */
#define CHANGE_LINE_MAX 2047

/* The result for one command line. */
struct edit {
	char **new_text;       /* for each word: NULL: unchanged, "": removed, else its new text */
	size_t words;          /* length of new_text */
	struct strings append; /* new words, in order */
	struct strings notes;  /* messages for the user */
};
void edit_done(struct edit *c);
bool edit_empty(const struct edit *c);

/*
 * Decides. Pure. -EINVAL with the reason for a request that cannot be met (it would remove root=,
 * or the line would be longer than the kernel reads).
 */
int edit_decide(const struct tokens *l, const struct karg_ops *r, struct edit *ret,
	struct err *err) _must_check_;

/*
 * Sets l->insert_at to the last segment after it with a word of the same name, which would win over
 * the new one; true if there is such a segment.
 */
bool edit_place(struct tokens *l, const struct karg_ops *r);

/* The words after the edit, for comparison with a second reading. */
int edit_expect(const struct tokens *l, const struct edit *c, struct strings *ret) _must_check_;

/*
 * Writes words in a context of the format: `text` has the kernel's spelling, possibly with a blank
 * at either end. -EINVAL if the format cannot express it.
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

/* Turns the edit into replacements of text: cuts of the removed bytes, and the new words. -EINVAL
 * with the reason if the format cannot write them. */
int edit_splice(const struct tokens *l, const struct edit *c, edit_encode encode,
	struct splices *ret, struct err *err) _must_check_;

/* The text of `file` with its splices applied. */
int splices_apply(struct splices *s, uint16_t file, const char *text, size_t len,
	struct text *ret) _must_check_;

#endif
