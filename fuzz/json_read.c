/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ways, by the first byte. What base/json_write writes, of any keys and values in any nesting,
 * is read back equal, value by value. And any bytes at all: they are refused with a text, or every
 * value can be asked for.
 */
#include "shared/json_read.h"
#include "base/json_write.h"
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define WORD_MAX 32
#define VALUES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- what was written, in its order ---- */

enum kind { OBJECT, ARRAY, STRING, NUMBER, OTHER, END };

struct expected {
	enum kind kind;
	long long number;
	char *key, *text;
};

struct script {
	const uint8_t *data;
	size_t size;
	struct expected *values;
	size_t n;
};

static uint8_t take(struct script *s)
{
	if (s->size == 0)
		return 0;
	s->size--;
	return *s->data++;
}

static char *take_word(struct script *s)
{
	size_t n = take(s) % WORD_MAX;
	char *word = malloc(n + 1);

	if (!word)
		abort();
	for (size_t i = 0; i < n; i++)
		word[i] = (char)take(s);
	word[n] = '\0';
	return word;
}

/* The bytes as the writer has them: what is no UTF-8 is U+FFFD. */
static char *as_utf8(const char *word)
{
	struct text t = {0};

	text_add(&t, "", 0);
	for (const char *p = word; *p;) {
		size_t len = str_utf8_length(p);
		text_add(&t, len ? p : "\xef\xbf\xbd", len ? len : 3);
		p += len ? len : 1;
	}
	must(!t.failed);
	return t.data;
}

static void expect(
	struct script *s, const char *key, enum kind kind, const char *word, long long number)
{
	must(s->n < VALUES_MAX);
	s->values[s->n++] = (struct expected){
		kind, number, key ? as_utf8(key) : NULL, word ? as_utf8(word) : NULL};
}

static void write_value(struct json *j, struct script *s, const char *key, uint8_t kind)
{
	char *word = take_word(s);
	long long number = (long long)((uint64_t)take(s) << 56 | take(s));

	if (kind == 0) {
		expect(s, key, STRING, word, 0);
		json_string(j, key, word);
	} else if (kind == 1) {
		expect(s, key, NUMBER, NULL, number);
		json_int(j, key, number);
	} else {
		expect(s, key, OTHER, NULL, 0);
		kind == 2 ? json_bool(j, key, number & 1) : json_null(j, key);
	}
	free(word);
}

static void close_one(struct json *j, struct script *s, bool object)
{
	expect(s, NULL, END, NULL, 0);
	object ? json_close_object(j) : json_close_array(j);
}

static void write_values(struct json *j, struct script *s)
{
	bool object[DEPTH_MAX] = {true};
	unsigned depth = 1;

	expect(s, NULL, OBJECT, NULL, 0);
	json_open_object(j, NULL);
	while (s->size > 0 && s->n + 4 + DEPTH_MAX < VALUES_MAX) {
		uint8_t kind = take(s) % 8;
		char *word = take_word(s), unique[WORD_MAX + 24];
		/* Of two members with one key only the last is read. */
		(void)snprintf(unique, sizeof(unique), "%s.%zu", word, s->n);
		const char *key = object[depth - 1] ? unique : NULL;
		bool opens = kind >= 4 && kind < 6 && depth < DEPTH_MAX;
		if (kind < 4) {
			write_value(j, s, key, kind);
		} else if (opens) {
			object[depth++] = kind == 4;
			expect(s, key, kind == 4 ? OBJECT : ARRAY, NULL, 0);
			kind == 4 ? json_open_object(j, key) : json_open_array(j, key);
		} else if (depth > 1) {
			close_one(j, s, object[--depth]);
		}
		free(word);
	}
	while (depth > 0)
		close_one(j, s, object[--depth]);
	json_end(j);
}

static void compare_value(struct json_object *value, const struct expected *e)
{
	char *text = json_text_of(value);
	long long number;

	must((text != NULL) == (e->kind == STRING) && (!text || strcmp(text, e->text) == 0));
	must(json_number_of(value, &number) == (e->kind == NUMBER));
	must(e->kind != NUMBER || number == e->number);
	free(text);
}

static void compare(struct json_object *top, const struct script *s)
{
	struct json_object *in[DEPTH_MAX + 1] = {NULL}, *value;
	size_t elements[DEPTH_MAX + 1] = {0};
	unsigned depth = 0;

	for (const struct expected *e = s->values; e < s->values + s->n; e++) {
		if (e->kind == END) {
			must(json_count(in[depth]) == elements[depth]);
			depth--;
			continue;
		}
		value = depth == 0 ? top
			: e->key   ? json_member(in[depth], e->key)
				   : json_element(in[depth], elements[depth]);
		elements[depth]++;
		compare_value(value, e);
		if (e->kind == OBJECT || e->kind == ARRAY) {
			in[++depth] = value;
			elements[depth] = 0;
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		free(s->values[i].key);
		free(s->values[i].text);
	}
}

static void written_is_read(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	struct json j = {.f = open_memstream(&text, &len)};
	struct script s = {
		.data = data, .size = size, .values = calloc(VALUES_MAX, sizeof(*s.values))};
	struct json_object *read = NULL;

	must(j.f && s.values);
	write_values(&j, &s);
	must(fclose(j.f) == 0);
	must(json_parse(&read, text, len, NULL) == 0);
	compare(read, &s);
	json_done(&read);
	free(s.values);
	free(text);
}

/* ---- anything ---- */

static void check_values(struct json_object *value, unsigned depth)
{
	long long number;
	char *text = json_text_of(value);

	must(depth <= JSON_DEPTH_MAX);
	free(text);
	(void)json_number_of(value, &number);
	if (json_member(value, "address"))
		check_values(json_member(value, "address"), depth + 1);
	for (size_t i = 0; json_element(value, 0) && i < json_count(value); i++)
		check_values(json_element(value, i), depth + 1);
}

static void anything_is_read(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct json_object *j = NULL;
	struct err err = {""};

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (json_parse(&j, text, size, &err) == 0) {
		check_values(j, 0);
		json_done(&j);
	} else {
		must(err.text[0] != '\0');
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && size < 4096)
		data[0] & 1 ? written_is_read(data + 1, size - 1)
			    : anything_is_read(data + 1, size - 1);
	return 0;
}
