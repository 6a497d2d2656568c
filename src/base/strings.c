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
	char **v = text ? realloc(s->v, (s->n + 1) * sizeof(*v)) : NULL;
	if (!v) {
		free(text);
		return -ENOMEM;
	}
	s->v = v;
	v[s->n++] = text;
	return 0;
}

int strings_add(struct strings *s, const char *text)
{
	return strings_take(s, strdup(text));
}

bool strings_have(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->v[i], text))
			return true;
	return false;
}
