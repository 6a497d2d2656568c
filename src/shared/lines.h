/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_LINES_H
#define SHARED_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* A text as lines: pointers to their starts, and one more for the end. at is NULL if out of
 * memory. */
struct lines {
	const char **at;
	size_t n;
};
struct lines lines_of(const char *text, size_t len);
void lines_done(struct lines *l);
bool lines_same(const struct lines *a, size_t i, const struct lines *b, size_t k);

/* A range of lines that differ: [a, a_end) became [b, b_end). */
struct hunk {
	size_t a, a_end, b, b_end;
};

/* The ranges that differ, in order; at most max. Returns their number. */
size_t lines_compare(const struct lines *a, const struct lines *b, struct hunk *to, size_t max);

#endif
