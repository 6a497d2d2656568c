/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_JSON_READ_H
#define SHARED_JSON_READ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads JSON (RFC 8259) by json-c, with bounds on memory, because the text is untrusted. A value
 * belongs to the top value. NULL is JSON's null, and a value that is missing: every function takes
 * it as one of another kind.
 */
#define JSON_DEPTH_MAX 32

struct json_object;

/*
 * text[len] must be NUL. Returns 0, -EINVAL with the position (line and byte) and what is wrong
 * there, -EFBIG over 16 MiB, 65,536 objects and arrays or a million commas, or -ENOMEM. The caller
 * frees *ret with json_done.
 */
int json_parse(
	struct json_object **ret, const char *text, size_t len, struct err *err) _must_check_;
void json_done(struct json_object **j);

/* The value of a key of an object. Of a duplicate key the last counts, as in other parsers. */
struct json_object *json_member(const struct json_object *object, const char *key);

/* The number of elements of an array, or members of an object; 0 for anything else. */
size_t json_count(const struct json_object *of);
struct json_object *json_element(const struct json_object *array, size_t i);

/*
 * A string, which the caller frees. NULL if out of memory, or for anything else. U+0000 and half a
 * surrogate pair become U+FFFD.
 */
char *json_text_of(struct json_object *string);

/* True for JSON's true, false for anything else. */
bool json_is_true(const struct json_object *boolean);

/* A whole number that fits; false for anything else. */
bool json_number_of(const struct json_object *number, long long *ret);

#endif
