/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_CHANGE_H
#define BOOTCFG_CHANGE_H

#include "bootcfg/line.h"
#include "bootcfg/request.h"

/* x86 COMMAND_LINE_SIZE is 2048 with the final NUL (arch/x86/include/asm/setup.h); what is over it
 * is cut, by the EFI stub with a message, by the BIOS path without. */
#define CHANGE_LINE_MAX 2047

struct strings {
	char **v;
	size_t n;
};
void strings_done(struct strings *s);
int strings_add(struct strings *s, const char *text) _must_check_;
int strings_take(struct strings *s, char *text) _must_check_; /* owns text, freed on failure */
bool strings_have(const struct strings *s, const char *text);
/* Word by word what the kernel takes for the same. */
bool strings_same_words(const struct strings *a, const struct strings *b);

/* What becomes of one line. */
struct change {
	char **fate;           /* a word: NULL stays, "" goes, else the word it becomes */
	size_t words;          /* length of fate */
	struct strings append; /* new words, in order */
	struct strings notes;  /* what a person should know */
};
void change_done(struct change *c);
bool change_empty(const struct change *c);

/*
 * Decides. Pure. -EINVAL with the reason where the request can't be met (it would take root= away,
 * the line would be longer than the kernel reads).
 */
int change_decide(const struct line *l, const struct request *r, struct change *ret,
	struct err *err) _must_check_;

/*
 * Where new words go when a field behind home holds a word of the same name, which would win over
 * them: to the last such field. Moves l->home; true when it did.
 */
bool change_place(struct line *l, const struct request *r);

/* The line after the change, word by word, to be compared with a second reading. */
int change_expect(const struct line *l, const struct change *c, struct strings *ret) _must_check_;

/*
 * How a format writes words at a place: `text` is kernel spelling, possibly with a blank at either
 * end. -EINVAL where the format can't carry it.
 */
typedef int (*change_encode)(
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

int change_splice(const struct line *l, const struct change *c, change_encode encode,
	struct splices *ret, struct err *err) _must_check_;

/* The text of `file` with its splices done. */
int splices_apply(struct splices *s, uint16_t file, const char *text, size_t len,
	struct text *ret) _must_check_;

#endif
