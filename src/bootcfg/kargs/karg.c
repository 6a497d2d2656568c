/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/karg.h"

#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* next_arg() drops a `"` before the word or its value, and then also one at the very end. */
int karg_read(const char *word, struct karg *ret)
{
	size_t len = strlen(word);
	bool quoted = len > 0 && word[0] == '"';

	if (quoted) {
		word++;
		len--;
	}
	const char *equals = memchr(word, '=', len);
	/* A leading `=` is not a separator: next_arg() tests `if (equals == 0)` for "not seen". */
	if (equals == word)
		equals = len > 1 ? memchr(word + 1, '=', len - 1) : NULL;
	if (equals && equals[1] == '"' && !quoted)
		quoted = true;
	const char *value = equals ? equals + 1 : NULL;
	if (value && value < word + len && *value == '"')
		value++;
	const char *end = word + len;
	if (quoted && end > (value ? value : word) && end[-1] == '"')
		end--;

	ret->name = strndup(word, (size_t)((equals ? equals : end) - word));
	ret->value = value ? strndup(value, (size_t)(end - value)) : NULL;
	if (!ret->name || (value && !ret->value)) {
		karg_done(ret);
		return -ENOMEM;
	}
	return 0;
}

void karg_done(struct karg *w)
{
	free(w->name);
	free(w->value);
	*w = (struct karg){0};
}

static char dash(char c)
{
	return c == '-' ? '_' : c;
}

bool karg_same_name(const char *a, const char *b)
{
	for (; *a && dash(*a) == dash(*b); a++, b++)
		;
	return dash(*a) == dash(*b);
}

bool karg_equal(const struct karg *a, const struct karg *b)
{
	if (!karg_same_name(a->name, b->name) || !a->value != !b->value)
		return false;
	return !a->value || str_equal(a->value, b->value);
}

size_t karg_list_next(const char **list, const char **item)
{
	size_t len = strcspn(*list, ",");

	*item = *list;
	*list = (*list)[len] == ',' ? *list + len + 1 : NULL;
	return len;
}

bool karg_list_has(const char *list, const char *item, size_t item_len)
{
	while (list) {
		const char *at;
		size_t len = karg_list_next(&list, &at);
		if (len == item_len && strncasecmp(at, item, len) == 0)
			return true;
	}
	return false;
}

int karg_check(const char *word, struct err *err)
{
	size_t quotes = 0;

	if (word[0] == '\0')
		return err_set(err, EINVAL, "an empty word is not a kernel parameter");
	if (word[0] == '=')
		return err_set(err, EINVAL, "%s: a kernel parameter has a name before the =", word);
	if (word[0] == '#')
		return err_set(
			err, EINVAL, "%s: a word that starts with # is read as a comment", word);
	if (str_equal(word, "--"))
		return err_set(err, EINVAL,
			"--: the bare -- ends the kernel's part of the line; it is not a parameter");
	for (const char *p = word; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, EINVAL,
				"a control character (0x%02x) can't be in a kernel parameter",
				(unsigned)(unsigned char)*p);
		quotes += *p == '"';
	}
	if (quotes % 2 != 0)
		return err_set(err, EINVAL, "%s: a quote is not closed", word);
	_cleanup_(karg_done) struct karg k = {0};
	if (karg_read(word, &k) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (k.name[0] == '\0' || k.name[0] == '=')
		return err_set(err, EINVAL, "%s: a kernel parameter has a name", word);
	return 0;
}

bool karg_same_word(const char *a, const char *b)
{
	_cleanup_(karg_done) struct karg x = {0}, y = {0};

	if (str_equal(a, b))
		return true;
	if (dash(a[0]) != dash(b[0]) && a[0] != '"' && b[0] != '"')
		return false;
	return karg_read(a, &x) == 0 && karg_read(b, &y) == 0 && karg_equal(&x, &y);
}

bool kargs_same(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!karg_same_word(a->v[i], b->v[i]))
			return false;
	return true;
}
