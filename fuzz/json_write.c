/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as keys and values, in any nesting: what is written is JSON (RFC 8259) in UTF-8, on one
 * line, and has as many values as went in. The reader here knows no more than the grammar.
 */
#include "base/json_write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define WORD_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- a reader -----------------------------------------------------------------------------------
 */

struct reader {
	const unsigned char *at;
	unsigned values;
};

/* One character of UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing over 10FFFF.
 */
static void read_utf8(struct reader *r)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = *r->at;
	unsigned n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	must(n > 0);
	uint32_t code = n == 1 ? c : c & (0x7fU >> n);
	for (unsigned i = 1; i < n; i++) {
		must(r->at[i] >> 6 == 2);
		code = code << 6 | (r->at[i] & 0x3f);
	}
	must(code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
	r->at += n;
}

static void read_string(struct reader *r)
{
	must(*r->at++ == '"');
	while (*r->at != '"') {
		must(*r->at >= 0x20);
		if (*r->at != '\\') {
			read_utf8(r);
			continue;
		}
		r->at++;
		if (*r->at == 'u') {
			for (int i = 1; i <= 4; i++)
				must(strchr("0123456789abcdefABCDEF", r->at[i]) && r->at[i]);
			r->at += 4;
		} else {
			must(*r->at && strchr("\"\\/bfnrt", *r->at));
		}
		r->at++;
	}
	r->at++;
}

static void read_number(struct reader *r)
{
	r->at += *r->at == '-';
	must(*r->at >= '0' && *r->at <= '9');
	must(*r->at != '0' || r->at[1] < '0' || r->at[1] > '9');
	while (*r->at >= '0' && *r->at <= '9')
		r->at++;
}

static bool read_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (strncmp((const char *)r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static void read_value(struct reader *r)
{
	bool object = *r->at == '{';

	r->values++;
	if (object || *r->at == '[') {
		unsigned char close = object ? '}' : ']';
		r->at++;
		for (bool first = true; *r->at != close; first = false) {
			must(first || *r->at++ == ',');
			if (object) {
				read_string(r);
				must(*r->at++ == ':');
			}
			read_value(r);
		}
		r->at++;
	} else if (*r->at == '"') {
		read_string(r);
	} else if (!read_word(r, "true") && !read_word(r, "false") && !read_word(r, "null")) {
		read_number(r);
	}
}

/* ---- a writer, driven by the input
 * --------------------------------------------------------------- */

struct input {
	const uint8_t *data;
	size_t size;
};

static uint8_t take(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

/* Of just its size, so that the sanitizer sees who reads behind its end. */
static char *take_word(struct input *in)
{
	size_t n = take(in) % WORD_MAX;
	char *word = malloc(n + 1);

	must(word != NULL);
	for (size_t i = 0; i < n; i++)
		word[i] = (char)take(in);
	word[n] = '\0';
	return word;
}

static void put_value(struct json *j, struct input *in, const char *key, uint8_t kind)
{
	char *word = take_word(in);

	if (kind == 0)
		json_string(j, key, word);
	else if (kind == 1)
		json_int(j, key, (long long)((uint64_t)take(in) << 56 | take(in)));
	else if (kind == 2)
		json_bool(j, key, take(in) & 1);
	else
		json_null(j, key);
	free(word);
}

static unsigned write_values(struct json *j, struct input *in)
{
	bool object[DEPTH_MAX] = {true};
	unsigned depth = 1, values = 1;

	json_open_object(j, NULL);
	while (in->size > 0) {
		uint8_t kind = take(in) % 8;
		char *word = take_word(in);
		const char *key = object[depth - 1] ? word : NULL;
		if (kind < 4) {
			put_value(j, in, key, kind);
			values++;
		} else if (kind < 6 && depth < DEPTH_MAX) {
			object[depth++] = kind == 4;
			kind == 4 ? json_open_object(j, key) : json_open_array(j, key);
			values++;
		} else if (depth > 1) {
			object[--depth] ? json_close_object(j) : json_close_array(j);
		}
		free(word);
	}
	while (depth > 0)
		object[--depth] ? json_close_object(j) : json_close_array(j);
	json_end(j);
	return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	struct json j = {.f = open_memstream(&text, &len)};
	struct input in = {data, size};

	must(j.f != NULL);
	unsigned values = write_values(&j, &in);
	must(!ferror(j.f) && fclose(j.f) == 0);

	struct reader r = {.at = (const unsigned char *)text};
	read_value(&r);
	must(r.values == values);
	must(strcmp((const char *)r.at, "\n") == 0 && strlen(text) == len);
	free(text);
	return 0;
}
