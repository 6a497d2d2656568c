/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes JSON (RFC 8259) to a stream, commas and escapes included. Strings are bytes: what is not
 * valid UTF-8 is written as U+FFFD, so that the output always parses. Depth is at most 8. The
 * stream's error flag (ferror) shows whether the writes succeeded.
 */
struct json {
	FILE *f;
	unsigned depth;
	bool comma[8];
};

void json_open_object(struct json *j, const char *key); /* key: NULL inside an array or at top */
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
void json_string(struct json *j, const char *key, const char *value); /* value NULL: null */
void json_int(struct json *j, const char *key, long long value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_end(struct json *j); /* the final newline */

#endif
