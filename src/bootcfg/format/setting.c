/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/setting.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Where the value begins, or 0: the line has another key. */
static size_t value_find(const char *line, size_t len, const struct setting *s)
{
	size_t n = strlen(s->key), at = 0;

	while (at < len && strchr(" \t", line[at]))
		at++;
	if (len - at <= n || !strchr(" \t", line[at + n]) ||
		(s->nocase ? strncasecmp(line + at, s->key, n) : strncmp(line + at, s->key, n)))
		return 0;
	at += n;
	while (at < len && strchr(" \t", line[at]))
		at++;
	return at;
}

/* The newline of a file: that of its first line. */
static const char *newline_of(const char *text)
{
	const char *nl = strchr(text, '\n');

	return nl && nl > text && nl[-1] == '\r' ? "\r\n" : "\n";
}

static bool lines_set(const char *text, size_t len, const struct setting *s, struct text *out)
{
	bool any = false;

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) + 1 : len - at, end = n, value;
		while (end > 0 && strchr(" \t\r\n", line[end - 1]))
			end--;
		value = value_find(line, end, s);
		if (value > 0) {
			text_print(out, "%.*s%s", (int)value, line, s->value);
			text_add(out, line + end, n - end);
		} else {
			text_add(out, line, n);
		}
		any |= value > 0;
		at += n;
	}
	return any;
}

int setting_set(struct file_edit *f, const struct setting *s, struct err *err)
{
	_cleanup_(text_done) struct text out = {0}, whole = {0};
	size_t len;
	const char *text = file_edit_text(f, &len), *newline = newline_of(text);

	if (!lines_set(text, len, s, &out)) {
		if (s->first)
			text_print(&whole, "%s %s%s", s->key, s->value, newline);
		text_add(&whole, text, len);
		if (!s->first && len > 0 && text[len - 1] != '\n')
			text_print(&whole, "%s", newline);
		if (!s->first)
			text_print(&whole, "%s %s%s", s->key, s->value, newline);
	}
	return file_edit_take(f, whole.len > 0 ? &whole : &out) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}
