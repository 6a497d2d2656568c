/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/edit_builder.h"

#include "bootcfg/karg_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void edit_builder_done(struct edit_builder *d)
{
	for (size_t i = 0; i < d->n; i++)
		karg_done(&d->k[i]);
	free(d->k);
	for (size_t i = 0; d->fate && i < d->line->words; i++)
		free(d->fate[i]);
	free(d->fate);
	strings_done(&d->append);
	*d = (struct edit_builder){0};
}

static int edit_builder_push(struct edit_builder *d, const char *word)
{
	struct karg *k = realloc(d->k, (d->n + 1) * sizeof(*k));
	if (!k)
		return -ENOMEM;
	d->k = k;
	if (karg_read(word, &k[d->n]) < 0)
		return -ENOMEM;
	d->n++;
	return 0;
}

int edit_builder_begin(struct edit_builder *ret, const struct tokens *l)
{
	*ret = (struct edit_builder){.line = l, .kernel = tokens_kargs(l)};
	ret->fate = calloc(l->words + 1, sizeof(*ret->fate));
	ret->k = calloc(l->words + 1, sizeof(*ret->k));
	int rc = ret->fate && ret->k ? 0 : -ENOMEM;
	for (size_t i = 0; i < l->words && rc == 0; i++)
		rc = edit_builder_push(ret, l->word[i].text);
	if (rc < 0)
		edit_builder_done(ret);
	return rc;
}

bool edit_builder_stays(const struct edit_builder *d, size_t i)
{
	const struct tokens *l = d->line;

	if (i >= l->words)
		return true;
	if (i >= d->kernel || l->word[i].unknown)
		return false;
	return !d->fate[i] || d->fate[i][0] != '\0';
}

/* … and the reader of the line sees it. */
static bool edit_builder_counts(const struct edit_builder *d, size_t i)
{
	const struct tokens *l = d->line;
	return edit_builder_stays(d, i) && (i >= l->words || !l->field[l->word[i].field].ignored);
}

int edit_builder_become(struct edit_builder *d, size_t i, const char *text)
{
	char *copy = strdup(text);
	struct karg k = {0};
	if (!copy || (copy[0] && karg_read(copy, &k) < 0)) {
		free(copy);
		return -ENOMEM;
	}
	free(d->fate[i]);
	d->fate[i] = copy;
	if (copy[0]) {
		karg_done(&d->k[i]);
		d->k[i] = k;
	}
	return 0;
}

int edit_builder_append(struct edit_builder *d, const char *word)
{
	if (edit_builder_push(d, word) < 0)
		return -ENOMEM;
	return strings_add(&d->append, word);
}

size_t edit_builder_last(const struct edit_builder *d, const char *name)
{
	for (size_t i = d->n; i-- > 0;)
		if (edit_builder_counts(d, i) && karg_same_name(d->k[i].name, name))
			return i;
	return SIZE_MAX;
}

static bool has_word(const struct edit_builder *d, const struct karg *want)
{
	for (size_t i = 0; i < d->n; i++)
		if (edit_builder_counts(d, i) && karg_equal(&d->k[i], want))
			return true;
	return false;
}

static bool item_in_effect(
	const struct edit_builder *d, const char *name, const char *item, size_t len)
{
	const char *other = karg_rules_opposite(name, item, len);
	bool on = false;

	for (size_t i = 0; i < d->n; i++) {
		if (!edit_builder_counts(d, i) || !karg_same_name(d->k[i].name, name))
			continue;
		for (const char *list = d->k[i].value, *at; list;) {
			size_t n = karg_list_next(&list, &at);
			if (n == len && memcmp(at, item, n) == 0)
				on = true;
			else if (other && n == strlen(other) && memcmp(at, other, n) == 0)
				on = false;
		}
	}
	return on;
}

static bool list_in_effect(const struct edit_builder *d, const struct karg *k)
{
	for (const char *list = k->value, *at; list;) {
		size_t len = karg_list_next(&list, &at);
		if (!item_in_effect(d, k->name, at, len))
			return false;
	}
	return true;
}

bool edit_builder_in_effect(const struct edit_builder *d, const struct karg *k)
{
	if (!k->value || karg_rules_every_counts(k->name))
		return has_word(d, k);
	if (karg_rules_is_list(k->name))
		return list_in_effect(d, k);
	size_t last = edit_builder_last(d, k->name);
	return last != SIZE_MAX && karg_equal(&d->k[last], k);
}

bool edit_builder_pair_in_effect(
	const struct edit_builder *d, const struct karg *size, const struct karg *n)
{
	for (size_t i = 0; i + 1 < d->n; i++)
		if (edit_builder_counts(d, i) && edit_builder_counts(d, i + 1) &&
			karg_equal(&d->k[i], size) && karg_equal(&d->k[i + 1], n))
			return true;
	return false;
}
