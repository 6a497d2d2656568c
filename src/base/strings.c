/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strings.h"

#include <errno.h>
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
	if (text && s->n == s->size) {
		size_t size = s->size ? s->size * 2 : 16;
		char **v = reallocarray(s->v, size, sizeof(*v));
		if (!v) {
			free(text);
			return -ENOMEM;
		}
		s->v = v;
		s->size = size;
	}
	if (!text)
		return -ENOMEM;
	s->v[s->n++] = text;
	return 0;
}

int strings_add(struct strings *s, const char *text)
{
	return strings_take(s, strdup(text));
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
