/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/draft.h"

#include "bootcfg/kparam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void draft_done(struct draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		kword_done(&d->k[i]);
	free(d->k);
	for (size_t i = 0; d->fate && i < d->line->words; i++)
		free(d->fate[i]);
	free(d->fate);
	strings_done(&d->append);
	*d = (struct draft){0};
}

static int draft_push(struct draft *d, const char *word)
{
	struct kword *k = realloc(d->k, (d->n + 1) * sizeof(*k));
	if (!k)
		return -ENOMEM;
	d->k = k;
	if (kword_read(word, &k[d->n]) < 0)
		return -ENOMEM;
	d->n++;
	return 0;
}

int draft_begin(struct draft *ret, const struct line *l)
{
	*ret = (struct draft){.line = l, .kernel = line_kernel_words(l)};
	ret->fate = calloc(l->words + 1, sizeof(*ret->fate));
	ret->k = calloc(l->words + 1, sizeof(*ret->k));
	int rc = ret->fate && ret->k ? 0 : -ENOMEM;
	for (size_t i = 0; i < l->words && rc == 0; i++)
		rc = draft_push(ret, l->word[i].text);
	if (rc < 0)
		draft_done(ret);
	return rc;
}

bool draft_stays(const struct draft *d, size_t i)
{
	const struct line *l = d->line;

	if (i >= l->words)
		return true;
	if (i >= d->kernel || l->word[i].opaque)
		return false;
	return !d->fate[i] || d->fate[i][0] != '\0';
}

/* … and the reader of the line sees it. */
static bool draft_counts(const struct draft *d, size_t i)
{
	const struct line *l = d->line;
	return draft_stays(d, i) && (i >= l->words || !l->field[l->word[i].field].unseen);
}

int draft_become(struct draft *d, size_t i, const char *text)
{
	char *copy = strdup(text);
	struct kword k = {0};
	if (!copy || (copy[0] && kword_read(copy, &k) < 0)) {
		free(copy);
		return -ENOMEM;
	}
	free(d->fate[i]);
	d->fate[i] = copy;
	if (copy[0]) {
		kword_done(&d->k[i]);
		d->k[i] = k;
	}
	return 0;
}

int draft_append(struct draft *d, const char *word)
{
	if (draft_push(d, word) < 0)
		return -ENOMEM;
	return strings_add(&d->append, word);
}

size_t draft_last(const struct draft *d, const char *name)
{
	for (size_t i = d->n; i-- > 0;)
		if (draft_counts(d, i) && kword_same_name(d->k[i].name, name))
			return i;
	return SIZE_MAX;
}

static bool has_word(const struct draft *d, const struct kword *want)
{
	for (size_t i = 0; i < d->n; i++)
		if (draft_counts(d, i) && kword_equal(&d->k[i], want))
			return true;
	return false;
}

static bool item_in_effect(const struct draft *d, const char *name, const char *item, size_t len)
{
	const char *other = kparam_opposite(name, item, len);
	bool on = false;

	for (size_t i = 0; i < d->n; i++) {
		if (!draft_counts(d, i) || !kword_same_name(d->k[i].name, name))
			continue;
		for (const char *list = d->k[i].value, *at; list;) {
			size_t n = kword_list_next(&list, &at);
			if (n == len && memcmp(at, item, n) == 0)
				on = true;
			else if (other && n == strlen(other) && memcmp(at, other, n) == 0)
				on = false;
		}
	}
	return on;
}

static bool list_in_effect(const struct draft *d, const struct kword *k)
{
	for (const char *list = k->value, *at; list;) {
		size_t len = kword_list_next(&list, &at);
		if (!item_in_effect(d, k->name, at, len))
			return false;
	}
	return true;
}

bool draft_in_effect(const struct draft *d, const struct kword *k)
{
	if (!k->value || kparam_every_counts(k->name))
		return has_word(d, k);
	if (kparam_is_list(k->name))
		return list_in_effect(d, k);
	size_t last = draft_last(d, k->name);
	return last != SIZE_MAX && kword_equal(&d->k[last], k);
}

bool draft_pair_in_effect(const struct draft *d, const struct kword *size, const struct kword *n)
{
	for (size_t i = 0; i + 1 < d->n; i++)
		if (draft_counts(d, i) && draft_counts(d, i + 1) && kword_equal(&d->k[i], size) &&
			kword_equal(&d->k[i + 1], n))
			return true;
	return false;
}
