/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/edit.h"

#include "bootcfg/edit_builder.h"
#include "bootcfg/karg_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void edit_done(struct edit *c)
{
	for (size_t i = 0; i < c->words; i++)
		free(c->fate[i]);
	free(c->fate);
	strings_done(&c->append);
	strings_done(&c->notes);
	*c = (struct edit){0};
}

bool edit_empty(const struct edit *c)
{
	for (size_t i = 0; i < c->words; i++)
		if (c->fate[i])
			return false;
	return c->append.n == 0;
}

/* The list of K=list without the item, or NULL where it is not in it. "" when nothing is left. */
static char *list_without(const struct karg *k, const char *item)
{
	struct text left = {0};
	const char *list = k->value, *at;
	size_t n = 0;

	if (!karg_list_has(list, item, strlen(item)) || strpbrk(list, " \t\""))
		return NULL;
	while (list) {
		size_t len = karg_list_next(&list, &at);
		if (len == strlen(item) && strncasecmp(at, item, len) == 0)
			continue;
		text_print(
			&left, "%s%s%.*s", n == 0 ? k->name : "", n == 0 ? "=" : ",", (int)len, at);
		n++;
	}
	if (left.failed)
		text_done(&left);
	return n == 0 && !left.data ? strdup("") : left.data;
}

static int item_remove(struct edit_builder *d, size_t i, const char *name, const char *item)
{
	if (!d->k[i].value || !karg_same_name(d->k[i].name, name))
		return 0;
	_cleanup_(str_free) char *left = list_without(&d->k[i], item);
	return left ? edit_builder_become(d, i, left) : 0;
}

static int remove_one(struct edit_builder *d, size_t i, const struct karg_op *w)
{
	const struct karg *k = &d->k[i];

	if (w->kind == KARG_OP_REMOVE_ELEMENT)
		return item_remove(d, i, w->k.name, w->k.value);
	if (!karg_same_name(k->name, w->k.name))
		return 0;
	if (w->kind == KARG_OP_REMOVE_KEY ? !k->value : !karg_equal(k, &w->k))
		return 0;
	return edit_builder_become(d, i, "");
}

/* A word that is asked for in the same breath stays where it is: twice is then the same as once. */
static bool wanted_too(const struct karg_ops *r, const struct karg *k)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == KARG_OP_ADD && karg_equal(&r->v[i].k, k))
			return true;
	return false;
}

static int removals_decide(struct edit_builder *d, const struct karg_ops *r, struct err *err)
{
	for (size_t i = 0; i < d->kernel; i++) {
		if (d->line->word[i].unknown)
			continue;
		for (size_t w = 0; w < r->n && edit_builder_stays(d, i); w++) {
			if (r->v[w].kind == KARG_OP_ADD || r->v[w].kind == KARG_OP_SET ||
				(r->v[w].kind == KARG_OP_REMOVE_KEY && wanted_too(r, &d->k[i])))
				continue;
			if (remove_one(d, i, &r->v[w]) < 0)
				return err_set(err, ENOMEM, "out of memory");
		}
		if (!edit_builder_stays(d, i) && karg_same_name(d->k[i].name, "root"))
			return err_set(err, EINVAL,
				"%s would go, and nothing boots without it: not done",
				d->line->word[i].text);
	}
	return 0;
}

/* The last vfio-pci.ids= is the only one the kernel uses (kernel/params.c, module_param_string):
 * a second word would take the first device away, so the ids are merged into it. */
static int ids_add(struct edit_builder *d, const struct karg_op *w)
{
	size_t last = edit_builder_last(d, w->k.name);
	if (last == SIZE_MAX || !d->k[last].value)
		return edit_builder_append(d, w->text);
	_cleanup_(text_done) struct text merged = {0};
	text_print(&merged, "%s=%s", d->k[last].name, d->k[last].value);
	bool more = false;
	for (const char *list = w->k.value, *at; list;) {
		size_t len = karg_list_next(&list, &at);
		if (karg_list_has(d->k[last].value, at, len))
			continue;
		text_print(&merged, "%s%.*s", d->k[last].value[0] || more ? "," : "", (int)len, at);
		more = true;
	}
	if (merged.failed)
		return -ENOMEM;
	if (!more)
		return 0;
	if (last < d->line->words)
		return edit_builder_become(d, last, merged.data);
	return edit_builder_append(
		d, merged.data); /* asked for twice in one request: the last one wins */
}

static int add_one(struct edit_builder *d, const struct karg_op *w)
{
	const struct karg *k = &w->k;

	if (k->value && karg_same_name(k->name, "vfio_pci.ids"))
		return ids_add(d, w);
	if (edit_builder_in_effect(d, k))
		return 0;
	/* Nothing resets iommu=off, so a later iommu=pt would be without effect. */
	if (k->value && karg_same_name(k->name, "iommu") && !karg_list_has(k->value, "off", 3)) {
		for (size_t i = 0; i < d->kernel; i++) {
			if (edit_builder_stays(d, i) && item_remove(d, i, "iommu", "off") < 0)
				return -ENOMEM;
		}
	}
	return edit_builder_append(d, w->text);
}

static int set_one(struct edit_builder *d, const struct karg_op *w)
{
	size_t last = edit_builder_last(d, w->k.name);

	for (size_t i = 0; i < d->kernel; i++) {
		if (!edit_builder_stays(d, i) || !d->k[i].value ||
			!karg_same_name(d->k[i].name, w->k.name))
			continue;
		if (i == last ? !karg_equal(&d->k[i], &w->k) : true)
			if (edit_builder_become(d, i, i == last ? w->text : "") < 0)
				return -ENOMEM;
	}
	return last == SIZE_MAX || !d->k[last].value ? edit_builder_append(d, w->text) : 0;
}

static int additions_decide(struct edit_builder *d, const struct karg_ops *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct karg_op *w = &r->v[i], *next = i + 1 < r->n ? w + 1 : NULL;
		int ret = 0;
		if (w->kind == KARG_OP_SET) {
			ret = set_one(d, w);
		} else if (w->kind == KARG_OP_ADD && next && next->kind == KARG_OP_ADD &&
			   karg_same_name(w->k.name, "hugepagesz") &&
			   karg_same_name(next->k.name, "hugepages")) {
			if (!edit_builder_pair_in_effect(d, &w->k, &next->k)) {
				ret = edit_builder_append(d, w->text);
				if (ret == 0)
					ret = edit_builder_append(d, next->text);
			}
			i++;
		} else if (w->kind == KARG_OP_ADD) {
			ret = add_one(d, w);
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

static size_t length_after(const struct edit_builder *d)
{
	const struct tokens *l = d->line;
	size_t len = 0;

	for (size_t i = 0; i < l->words; i++) {
		const char *text = d->fate[i] ? d->fate[i] : l->word[i].text;
		len += text[0] ? strlen(text) + 1 : 0;
	}
	for (size_t i = 0; i < d->append.n; i++)
		len += strlen(d->append.v[i]) + 1;
	return len > 0 ? len - 1 : 0;
}

/* Would a word of the line win over one with a value that is asked for? A flag of its name would,
 * too; what is asked for as a flag counts wherever it stands. */
static bool word_wins(const char *word, const struct karg_ops *r)
{
	_cleanup_(karg_done) struct karg k = {0};

	if (karg_read(word, &k) < 0)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if ((r->v[i].kind == KARG_OP_ADD || r->v[i].kind == KARG_OP_SET) &&
			r->v[i].k.value && !karg_rules_every_counts(k.name) &&
			karg_same_name(r->v[i].k.name, k.name))
			return true;
	return false;
}

bool edit_place(struct tokens *l, const struct karg_ops *r)
{
	size_t end = tokens_kargs(l);

	for (size_t i = end; i-- > 0;) {
		const struct word *w = &l->word[i];
		if (w->field <= l->insert_at)
			return false;
		if (w->unknown || l->field[w->field].ignored || !word_wins(w->text, r))
			continue;
		l->insert_at = w->field;
		return true;
	}
	return false;
}

int edit_decide(const struct tokens *l, const struct karg_ops *r, struct edit *ret, struct err *err)
{
	_cleanup_(edit_builder_done) struct edit_builder d = {0};

	if (edit_builder_begin(&d, l) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = removals_decide(&d, r, err);
	if (rc < 0)
		return rc;
	if (additions_decide(&d, r) < 0)
		return err_set(err, ENOMEM, "out of memory");
	size_t len = length_after(&d);
	if (d.append.n > 0 && len > CHANGE_LINE_MAX)
		return err_set(err, EINVAL,
			"the kernel command line would have %zu characters, and the kernel reads %d: the rest would be cut off",
			len, CHANGE_LINE_MAX);
	*ret = (struct edit){.fate = d.fate, .words = l->words, .append = d.append};
	d.fate = NULL;
	d.append = (struct strings){0};
	return 0;
}
