/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strings.h"

#include "base/array.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strings_done(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strings){0};
}

int strings_take(struct strings *s, char *text)
{
	char **v = text ? array_grow(s->v, s->n, &s->size, sizeof(*v)) : NULL;
	if (!v) {
		free(text);
		return -ENOMEM;
	}
	s->v = v;
	s->v[s->n++] = text;
	return 0;
}

int strings_add(struct strings *s, const char *text)
{
	return strings_take(s, strdup(text));
}

int strings_print(struct strings *s, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strings_take(s, text);
}

int strings_add_unique(struct strings *s, const char *text, struct err *err)
{
	if (strings_have(s, text) || strings_add(s, text) == 0)
		return 0;
	return err_set(err, ENOMEM, "out of memory");
}

bool strings_have(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->v[i], text))
			return true;
	return false;
}
