/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SPLICE_H
#define BOOTCFG_SPLICE_H

#include "bootcfg/edit.h"

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
