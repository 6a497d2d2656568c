/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_JSON_READ_H
#define SHARED_JSON_READ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads JSON (RFC 8259) as strictly as base/json_write writes it, without recursion and with bounds
 * on memory, because the text is untrusted: it becomes a flat list of tokens with the position of
 * each value, so that an editor can cut there, too.
 */
#define JSON_DEPTH_MAX 32

enum json_kind {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL
};

struct json_token {
	enum json_kind kind;
	uint32_t begin, end; /* bytes of the text, brackets and quotes included */
	uint32_t next;       /* the first token after this one and its members */
};

/* Token 0 is the top value. In an object a key is followed by its value. */
struct json_text {
	const char *text; /* by reference */
	struct json_token *token;
	uint32_t n, size;
};

/*
 * text[len] must be NUL. Returns 0, -EINVAL with the position (line and byte) and what is wrong
 * there, -EFBIG over 16 MiB, or -ENOMEM. The caller empties *ret with json_done after success only.
 */
int json_parse(struct json_text *ret, const char *text, size_t len, struct err *err) _must_check_;
void json_done(struct json_text *j);

/*
 * The value of a key of an object, or 0 if there is none or `object` is not an object. Of a
 * duplicate key the last counts, as in other parsers. `object` 0 is the top value.
 */
uint32_t json_member(const struct json_text *j, uint32_t object, const char *key);

/* The elements of an array, one after the other; 0 if there is none (left). */
uint32_t json_first(const struct json_text *j, uint32_t array);
uint32_t json_next(const struct json_text *j, uint32_t array, uint32_t element);

/*
 * A string without its escapes, which the caller frees. NULL if out of memory, or for token 0 or
 * one that is not a string. U+0000 and half a surrogate pair become U+FFFD.
 */
char *json_text_of(const struct json_text *j, uint32_t string);

/* A whole number that fits; false for anything else. */
bool json_number_of(const struct json_text *j, uint32_t number, long long *ret);

#endif
