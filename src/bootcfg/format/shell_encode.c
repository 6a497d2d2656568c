/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/shell_encode.h"

#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * GRUB parses a word and, if it contains a blank, puts quotes around it for the kernel; a literal
 * quote or backslash would reach the kernel with a backslash before it, which the kernel does not
 * understand (grub-core/lib/cmdline.c).
 */
int grub_encode(const char *word, struct text *ret, struct err *err)
{
	_cleanup_(karg_done) struct karg k = {0};
	if (karg_read(word, &k) < 0)
		return err_set(err, ENOMEM, "out of memory");
	_cleanup_(text_done) struct text plain = {0};
	text_print(&plain, "%s%s", k.name, k.value ? "=" : "");
	size_t value = plain.len;
	text_print(&plain, "%s", k.value ? k.value : "");
	if (plain.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (strpbrk(plain.data, "\"'\\"))
		return err_set(err, EINVAL,
			"%s: GRUB can't pass a quote or a backslash on to the kernel", word);
	bool quote = strpbrk(plain.data, " ;&|<>{}()") != NULL;
	/* name="va lue" is more readable than "name=va lue" and means the same, unless the name
	 * needs quotes. */
	size_t open = quote && !strpbrk(k.name, " ;&|<>{}()") ? value : 0;

	for (size_t i = 0; i < plain.len; i++) {
		if (quote && i == open)
			text_add(ret, "\"", 1);
		if (plain.data[i] == '$')
			text_add(ret, "\\", 1);
		text_add(ret, plain.data + i, 1);
	}
	if (quote)
		text_add(ret, "\"", 1);
	return 0;
}

/* Encodes each word for GRUB, keeps the blanks between them. */
static int grub_layer(const char *text, struct text *ret, struct err *err)
{
	while (*text) {
		if (karg_blank(*text)) {
			text_add(ret, text++, 1);
			continue;
		}
		const char *end = karg_end(text);
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		int r = grub_encode(word, ret, err);
		if (r < 0)
			return r;
		text = end;
	}
	return 0;
}

int shell_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	_cleanup_(text_done) struct text inner = {0};

	if (dialect == DIALECT_GRUB) {
		int r = grub_layer(text, &inner, err);
		if (r < 0)
			return r;
	} else {
		text_print(&inner, "%s", text);
	}
	if (inner.failed)
		return err_set(err, ENOMEM, "out of memory");
	const char *p = inner.data ? inner.data : "";
	if (context == SHELL_SINGLE) {
		if (strchr(p, '\''))
			return err_set(err, EINVAL, "%s: a ' can't stand in single quotes", text);
		text_add(ret, p, strlen(p));
		return 0;
	}
	/* Outside of quotes the text gets its own, which join adjacent text (XCU 2.2). */
	text_add(ret, "\"", context != SHELL_DOUBLE);
	for (; *p; p++) {
		if (strchr("\"\\$`", *p))
			text_add(ret, "\\", 1);
		text_add(ret, p, 1);
	}
	text_add(ret, "\"", context != SHELL_DOUBLE);
	return 0;
}
