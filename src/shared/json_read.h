/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_JSON_READ_H
#define SHARED_JSON_READ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads JSON (RFC 8259) as strictly as base/json_write writes it, without recursion and with a
 * bound for all it takes: a text that may be anybody's becomes a flat list of tokens that say where
 * in the text each value stands, so that an editor can cut there, too.
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
	uint32_t next;       /* the first token behind this one and all that it holds */
};

/* Token 0 is the whole. In an object a key and its value follow each other. */
struct json_text {
	const char *text; /* by reference */
	struct json_token *token;
	uint32_t n, size;
};

/*
 * text[len] is NUL. 0, -EINVAL with the place (line and byte) and what is wrong there, -EFBIG over
 * 16 MiB, or -ENOMEM; *ret is to be emptied with json_done after success only.
 */
int json_parse(struct json_text *ret, const char *text, size_t len, struct err *err) _must_check_;
void json_done(struct json_text *j);

/*
 * The value of a key of an object, or 0 where there is none or `object` is none. Of a key that
 * stands twice the last counts, as everywhere. 0 as `object` asks the whole.
 */
uint32_t json_member(const struct json_text *j, uint32_t object, const char *key);

/* The elements of an array, one behind the other; 0 where there is none (any more). */
uint32_t json_first(const struct json_text *j, uint32_t array);
uint32_t json_next(const struct json_text *j, uint32_t array, uint32_t element);

/*
 * A string without its escapes, for the caller to free. NULL where there is no memory, or token 0
 * or one that is no string is asked for. U+0000 and half a surrogate pair become U+FFFD.
 */
char *json_text_of(const struct json_text *j, uint32_t string);

/* A whole number that fits; false for everything else. */
bool json_number_of(const struct json_text *j, uint32_t number, long long *ret);

#endif
