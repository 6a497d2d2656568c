/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/list.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

#define STEM_MAX 64

struct tree {
	const struct listing *l;
	struct term *p;
	bool *has_shown; /* for each function: it, or one below it, is shown */
};

static bool hangs_on(const struct function *f, const struct function *above)
{
	return above ? f->has_above && pci_addr_compare(f->above, above->d.addr) == 0
		     : !f->has_above;
}

static void print_branch(
	const struct tree *t, const struct function *f, const char *stem, bool last)
{
	const struct inventory *v = t->l->inventory;
	struct term *p = t->p;
	char address[PCI_ADDR_MAX];
	size_t n;

	term_line(p, 0);
	term_put(p, FAINT, "%s%s", stem, last ? "`- " : "+- ");
	term_put(p, BOLD, "%s ", pci_addr_format(f->d.addr, address));
	if (f->d.group >= 0)
		term_put(p, FAINT, "[%d] ", f->d.group);
	if (f->d.driver[0])
		term_put(p, GOOD, "%s ", f->d.driver);
	function_put(f, p);
	const struct attached *b = inventory_attached(v, f->d.addr, &n);
	for (size_t i = 0; i < n; i++) {
		term_line(p, 0);
		term_put(p, FAINT, "%s%s   - ", stem, last ? "  " : "| ");
		attached_put(&b[i], p);
	}
}

/* Of those that hang on one bridge, or on one host bridge. */
static bool is_last(const struct tree *t, const struct function *above, size_t i)
{
	const struct inventory *v = t->l->inventory;

	for (size_t next = i + 1; next < v->n; next++)
		if (t->has_shown[next] && hangs_on(&v->at[next], above) &&
			(above || str_equal(v->at[next].root, v->at[i].root)))
			return false;
	return true;
}

static void print_below(const struct tree *t, const struct function *above, const char *stem)
{
	const struct inventory *v = t->l->inventory;
	const char *root = "";
	char deeper[STEM_MAX];

	for (size_t i = 0; i < v->n; i++) {
		if (!t->has_shown[i] || !hangs_on(&v->at[i], above))
			continue;
		if (!above && !str_equal(root, v->at[i].root)) {
			root = v->at[i].root;
			term_line(t->p, 0);
			term_put(t->p, FAINT, "%s", root);
		}
		bool last = is_last(t, above, i);
		print_branch(t, &v->at[i], stem, last);
		(void)snprintf(deeper, sizeof(deeper), "%s%s", stem, last ? "   " : "|  ");
		if (v->at[i].has_below)
			print_below(t, &v->at[i], deeper);
	}
}

/* Marks what is shown and the bridges on the way to it. */
static void mark(const struct tree *t, const struct function *f)
{
	const struct inventory *v = t->l->inventory;

	while (f && !t->has_shown[f - v->at]) {
		t->has_shown[f - v->at] = true;
		f = f->has_above ? inventory_find(v, f->above) : NULL;
	}
}

void listing_print_tree(const struct listing *l, struct term *p)
{
	struct tree t = {l, p, calloc(l->inventory->n ? l->inventory->n : 1, sizeof(bool))};

	if (!t.has_shown)
		return;
	for (size_t i = 0; i < l->n; i++)
		mark(&t, l->shown[i]);
	print_below(&t, NULL, "");
	term_end(p);
	free(t.has_shown);
}
