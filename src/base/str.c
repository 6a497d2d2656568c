/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_free(char **p)
{
	free(*p);
	*p = NULL;
}

bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && str_equal(s + len - n, suffix);
}

size_t str_copy(char *buf, size_t size, const char *s)
{
	size_t len = strnlen(s, size - 1);

	memcpy(buf, s, len);
	buf[len] = '\0';
	return len;
}

/* Forty digits for each PCI function at boot: a call for each would cost as much again. */
static inline __attribute__((always_inline)) int hex_digit(char c)
{
	unsigned digit = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

	if (digit <= 9)
		return (int)digit;
	return letter <= 5 ? (int)letter + 10 : -1;
}

bool str_hex(const char **s, unsigned max_digits, uint32_t *ret)
{
	const char *p = *s;
	uint32_t value = 0;
	unsigned n = 0;

	for (int d; (d = hex_digit(*p)) >= 0; p++) {
		if (++n > max_digits)
			return false;
		value = value << 4 | (uint32_t)d;
	}
	if (n == 0)
		return false;
	*s = p;
	*ret = value;
	return true;
}

bool str_hex_fixed(const char **s, unsigned digits, uint32_t *ret)
{
	const char *p = *s;
	uint32_t value = 0;

	for (; digits > 0 && *p == '0'; p++) /* half of a modalias */
		digits--;
	for (unsigned n = 0; n < digits; n++) {
		int d = hex_digit(*p++);
		if (d < 0)
			return false;
		value = value << 4 | (uint32_t)d;
	}
	*s = p;
	*ret = value;
	return true;
}

bool str_decimal(const char *s, unsigned long max, unsigned long *ret)
{
	unsigned long value = 0;

	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		unsigned long d = (unsigned long)(*s - '0');
		if (d > max || value > (max - d) / 10)
			return false;
		value = value * 10 + d;
	}
	*ret = value;
	return true;
}

size_t str_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		unsigned char low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;
		return s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		unsigned char low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;
		return s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80
			       ? 4
			       : 0;
	}
	return 0;
}

static bool text_reserve(struct text *t, size_t more)
{
	if (t->failed)
		return false;
	if (more < t->size - t->len)
		return true;
	size_t size = t->size ? t->size : 128;
	while (size - t->len <= more) {
		if (size > SIZE_MAX / 2) {
			t->failed = true;
			return false;
		}
		size *= 2;
	}
	char *data = realloc(t->data, size);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->size = size;
	return true;
}

uint64_t str_hash_more(uint64_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t str_hash(const char *bytes, size_t len)
{
	return str_hash_more(STR_HASH_BEGIN, bytes, len);
}

void text_add(struct text *t, const char *bytes, size_t len)
{
	if (!text_reserve(t, len))
		return;
	memcpy(t->data + t->len, bytes, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_print(struct text *t, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		t->failed = true;
	else if (text_reserve(t, (size_t)n)) {
		(void)vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

void text_done(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

bool str_next_word(const char **line, char *buf, size_t size)
{
	size_t len = strcspn(*line, " ");

	if (len == 0 || len >= size)
		return false;
	memcpy(buf, *line, len);
	buf[len] = '\0';
	*line += len;
	*line += **line == ' ';
	return true;
}
