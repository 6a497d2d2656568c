/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frees *(char **)p: for _cleanup_(str_free). */
void str_free(char **p);

bool str_equal(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/*
 * Copies s, cut where it does not fit, and returns the length of the copy; buf is always terminated
 * (size > 0). For the code that runs before the overrides are set: there the pages that printf and
 * its relatives touch cost the kernel several times as much as the text.
 */
size_t str_copy(char *buf, size_t size, const char *s);

/*
 * Reads 1 to max_digits hexadecimal digits at *s, no sign, no 0x; moves *s past them and stores the
 * value. Returns false and changes nothing if there is no digit or one too many.
 */
bool str_hex(const char **s, unsigned max_digits, uint32_t *ret) _must_check_;

/* Reads exactly `digits` (at most 8) hexadecimal digits, regardless of what follows. */
bool str_hex_fixed(const char **s, unsigned digits, uint32_t *ret) _must_check_;

/* Copies the word that *line begins with (up to a blank) and moves *line after it and the blank.
 * False where there is none or it does not fit into buf. */
bool str_next_word(const char **line, char *buf, size_t size) _must_check_;

/* The same for a whole string of decimal digits with nothing else around it, at most max. */
bool str_decimal(const char *s, unsigned long max, unsigned long *ret) _must_check_;

/*
 * FNV-1a, 64 bits (draft-eastlake-fnv): detects changed bytes, and does not protect against a
 * deliberate change.
 */
uint64_t str_hash(const char *bytes, size_t len);
/* The same in pieces: begins with STR_HASH_BEGIN. */
#define STR_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t str_hash_more(uint64_t hash, const char *bytes, size_t len);

/*
 * Length of the UTF-8 sequence at text (RFC 3629: no surrogates, no overlong forms), or 0 if it is
 * not valid. Never reads past a NUL.
 */
size_t str_utf8_length(const char *text);

/*
 * A growing text. Zero-initialised is empty. After a failed allocation `failed` is true and every
 * further call is a no-op: check once at the end.
 */
struct text {
	char *data; /* NUL-terminated, or NULL while empty */
	size_t len;
	size_t size;
	bool failed;
};

void text_add(struct text *t, const char *bytes, size_t len);
void text_print(struct text *t, const char *fmt, ...) _printf_(2, 3);
void text_done(struct text *t);

#endif
