/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/strings.h"

#include "bootcfg/karg.h"

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

/* One word spelt in two ways: `a="b c"` and `"a=b c"`. */
static bool word_same(const char *a, const char *b)
{
	_cleanup_(karg_done) struct karg x = {0}, y = {0};

	if (str_equal(a, b))
		return true;
	return karg_read(a, &x) == 0 && karg_read(b, &y) == 0 && karg_equal(&x, &y);
}

bool strings_same_words(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!word_same(a->v[i], b->v[i]))
			return false;
	return true;
}
