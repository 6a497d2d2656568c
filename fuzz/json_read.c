/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ways, by the first byte. What base/json_write writes, of any keys and values in any nesting,
 * is read back equal, value by value. And any bytes at all: they are refused, or their tokens lie
 * within each other, cover the text, and every string and number can be asked for.
 */
#include "shared/json_read.h"
#include "base/json_write.h"
#include "base/str.h"

#include <stdint.h>
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

/* ---- what was written, in the order of the tokens ---- */

struct expected {
	enum json_kind kind;
	long long number;
	char *text;
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

static void expect(struct script *s, enum json_kind kind, const char *word, long long number)
{
	must(s->n < VALUES_MAX);
	s->values[s->n++] = (struct expected){kind, number, word ? as_utf8(word) : NULL};
}

static void write_value(struct json *j, struct script *s, const char *key, uint8_t kind)
{
	char *word = take_word(s);
	long long number = (long long)((uint64_t)take(s) << 56 | take(s));

	if (kind == 0) {
		expect(s, JSON_STRING, word, 0);
		json_string(j, key, word);
	} else if (kind == 1) {
		expect(s, JSON_NUMBER, NULL, number);
		json_int(j, key, number);
	} else if (kind == 2) {
		expect(s, number & 1 ? JSON_TRUE : JSON_FALSE, NULL, 0);
		json_bool(j, key, number & 1);
	} else {
		expect(s, JSON_NULL, NULL, 0);
		json_null(j, key);
	}
	free(word);
}

static void write_values(struct json *j, struct script *s)
{
	bool object[DEPTH_MAX] = {true};
	unsigned depth = 1;

	expect(s, JSON_OBJECT, NULL, 0);
	json_open_object(j, NULL);
	while (s->size > 0 && s->n + 4 < VALUES_MAX) {
		uint8_t kind = take(s) % 8;
		char *word = take_word(s);
		const char *key = object[depth - 1] ? word : NULL;
		bool opens = kind >= 4 && kind < 6 && depth < DEPTH_MAX;
		if (key && (kind < 4 || opens))
			expect(s, JSON_STRING, key, 0);
		if (kind < 4) {
			write_value(j, s, key, kind);
		} else if (opens) {
			object[depth++] = kind == 4;
			expect(s, kind == 4 ? JSON_OBJECT : JSON_ARRAY, NULL, 0);
			kind == 4 ? json_open_object(j, key) : json_open_array(j, key);
		} else if (depth > 1) {
			object[--depth] ? json_close_object(j) : json_close_array(j);
		}
		free(word);
	}
	while (depth > 0)
		object[--depth] ? json_close_object(j) : json_close_array(j);
	json_end(j);
}

static void compare(const struct json_text *j, const struct script *s)
{
	long long number;

	must(j->n == s->n);
	for (uint32_t i = 0; i < j->n; i++) {
		const struct expected *e = &s->values[i];
		must(j->token[i].kind == e->kind);
		if (e->text) {
			char *text = json_text_of(j, i);
			must(text && strcmp(text, e->text) == 0);
			free(text);
		}
		must(e->kind != JSON_NUMBER ||
			(json_number_of(j, i, &number) && number == e->number));
		free(e->text);
	}
}

static void written_is_read(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	struct json j = {.f = open_memstream(&text, &len)};
	struct script s = {
		.data = data, .size = size, .values = calloc(VALUES_MAX, sizeof(*s.values))};
	struct json_text read;

	must(j.f && s.values);
	write_values(&j, &s);
	must(fclose(j.f) == 0);
	must(json_parse(&read, text, len, NULL) == 0);
	compare(&read, &s);
	json_done(&read);
	free(s.values);
	free(text);
}

/* ---- anything ---- */

/* Every token lies in the one that it belongs to, behind the one before it. */
static void check_tokens(const struct json_text *j, size_t len)
{
	long long number;

	must(j->n > 0 && j->token[0].next == j->n && j->token[0].end <= len);
	for (uint32_t i = 0; i < j->n; i++) {
		const struct json_token *t = &j->token[i];
		must(t->begin < t->end && t->next > i && t->next <= j->n);
		must(t->next == i + 1 || t->kind == JSON_OBJECT || t->kind == JSON_ARRAY);
		if (t->next < j->n)
			must(j->token[t->next].begin >= t->end);
		for (uint32_t k = i + 1; k < t->next; k = j->token[k].next)
			must(j->token[k].begin > t->begin && j->token[k].end < t->end &&
				j->token[k].next <= t->next);
		char *text = json_text_of(j, i);
		must((text != NULL) == (t->kind == JSON_STRING && i > 0));
		free(text);
		(void)json_number_of(j, i, &number);
		(void)json_member(j, i, "address");
		for (uint32_t e = json_first(j, i); e; e = json_next(j, i, e))
			must(e > i && e < t->next);
	}
}

static void anything_is_read(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct json_text j;
	struct err err = {""};

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (json_parse(&j, text, size, &err) == 0) {
		check_tokens(&j, size);
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
