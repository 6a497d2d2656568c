/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/edit.h"

#include "base/strings.h"
#include "bootcfg/kargs/hugepages.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/kargs/karg_rules.h"
#include "bootcfg/kargs/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A command line during the decision: its words decoded, the appended ones after them, and the
 * decisions so far. Word i is one of the line's, or from line->words on an appended one. Functions
 * that change it return 0 or -ENOMEM.
 */
struct edit_builder {
	const struct tokens *line; /* by reference */
	size_t kernel;             /* words before `--` */
	struct karg *k;            /* one for each word of the line, then one for each appended */
	size_t n;
	char **new_text; /* per word of the line: NULL: unchanged, "": removed, else new */
	struct strings append;
};
static int edit_builder_begin(struct edit_builder *ret, const struct tokens *l) _must_check_;
static void edit_builder_done(struct edit_builder *d);

/* Word i of the line gets this text; "": it is removed. */
static int edit_builder_become(struct edit_builder *d, size_t i, const char *text) _must_check_;
static int edit_builder_append(struct edit_builder *d, const char *word) _must_check_;

/* True if the kernel still gets word i after the decisions so far. */
static bool edit_builder_stays(const struct edit_builder *d, size_t i);

/* The last word of this name that the kernel gets; SIZE_MAX: none. */
static size_t edit_builder_last(const struct edit_builder *d, const char *name);

/* True if the word is in effect on the line so far: by the kind of parameter (karg_rules.h) the
 * last one counts, or each, or each item of a list. */
static bool edit_builder_in_effect(const struct edit_builder *d, const struct karg *k);

/* What the words so far reserve of this size; -ENOMEM. */
static int edit_builder_hugepages(
	const struct edit_builder *d, const char *size, struct hugepages *ret) _must_check_;

/* ---- splice ------------------------------------------------------------------------------------
 */

/* The position of appended words. */
struct spot {
	size_t before; /* the word after them: `--`, or the first of an emptied insert_at */
	size_t after; /* the last word that stays in insert_at; both SIZE_MAX: insert_at is empty */
};

static struct spot spot_find(const struct tokens *l, const struct edit *c)
{
	struct spot s = {.before = tokens_kargs(l), .after = SIZE_MAX};

	if (s.before < l->words && l->word[s.before].field <= l->insert_at)
		return s;
	s.before = SIZE_MAX;
	for (size_t i = l->words; i-- > 0;) {
		if (l->word[i].field != l->insert_at)
			continue;
		if (!c->new_text[i] || c->new_text[i][0]) {
			s.after = i;
			s.before = SIZE_MAX;
			return s;
		}
		s.before = i;
	}
	return s;
}

int edit_expect(const struct tokens *l, const struct edit *c, struct strings *ret)
{
	struct spot spot = spot_find(l, c);
	size_t at = 0; /* after the segments up to insert_at */

	for (size_t i = 0; i < l->words; i++)
		if (l->word[i].field <= l->insert_at)
			at = i + 1;
	if (spot.before != SIZE_MAX)
		at = spot.before;
	for (size_t i = 0; i <= l->words; i++) {
		if (i == at)
			for (size_t a = 0; a < c->append.n; a++)
				if (strings_add(ret, c->append.v[a]) < 0)
					return -ENOMEM;
		if (i == l->words)
			break;
		const char *text = c->new_text[i] ? c->new_text[i] : l->word[i].text;
		if (text[0] && strings_add(ret, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

void splices_done(struct splices *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].text);
	free(s->v);
	*s = (struct splices){0};
}

int splices_add(struct splices *s, uint16_t file, size_t begin, size_t end, const char *text)
{
	struct splice *v = realloc(s->v, (s->n + 1) * sizeof(*v));
	char *copy = v ? strdup(text) : NULL;
	if (v)
		s->v = v;
	if (!copy)
		return -ENOMEM;
	v[s->n] = (struct splice){
		.file = file, .begin = begin, .end = end, .order = s->n, .text = copy};
	s->n++;
	return 0;
}

static int cell_cut(const struct src_byte *c, struct splices *ret)
{
	return splices_add(ret, c->file, c->begin, c->end, "");
}

/*
 * True if the blank is beside the word in the text, and not on the other side of an expansion: in
 * X="$X a" the one after `$X` has to stay if the last word of X is removed.
 */
static bool same_text(const struct src_byte *word, const struct src_byte *blank)
{
	return word->file == blank->file && (word->out == word->end) == (blank->out == blank->end);
}

/*
 * Cuts word i with the blank before it, or the one after it if it is the first of its segment: the
 * same bytes that adding it inserted. A blank that is cut twice is removed once.
 */
static int word_cut(const struct tokens *l, const struct edit *c, size_t i, struct splices *ret)
{
	const struct word *w = &l->word[i];
	const struct segment *f = &l->field[w->field];
	bool first = true; /* of the remaining words of the segment */
	size_t before = i;

	while (before > 0 && l->word[before - 1].field == w->field) {
		before--;
		first &= c->new_text[before] && c->new_text[before][0] == '\0';
	}
	for (size_t at = w->first; at < w->last; at++)
		if (cell_cut(&f->cell[at], ret) < 0)
			return -ENOMEM;
	/* A later word is cut with the blank before it, the first one with the blank after it. */
	if (!first || (w->first > 0 && w->last == f->n))
		return w->first > 0 ? cell_cut(&f->cell[w->first - 1], ret) : 0;
	bool behind = w->last < f->n && same_text(&f->cell[w->last - 1], &f->cell[w->last]);
	return behind ? cell_cut(&f->cell[w->last], ret) : 0;
}

static int encode_at(struct splices *ret, uint16_t file, size_t at, uint8_t context,
	const char *text, enum dialect dialect, edit_encode encode, struct err *err)
{
	_cleanup_(text_done) struct text out = {0};
	int rc = encode(context, text, dialect, &out, err);
	if (rc < 0)
		return rc;
	if (out.failed || splices_add(ret, file, at, at, out.data ? out.data : "") < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int words_append(const struct tokens *l, const struct edit *c, edit_encode encode,
	struct splices *ret, struct err *err)
{
	struct spot spot = spot_find(l, c);
	_cleanup_(text_done) struct text words = {0};
	bool behind = spot.after != SIZE_MAX;
	bool before = spot.before != SIZE_MAX;
	bool stays = before && !c->new_text[spot.before];
	const struct segment *insert_at = &l->field[l->insert_at];

	for (size_t i = 0; i < c->append.n; i++)
		text_print(&words, "%s%s%s",
			behind || i > 0 || (!before && insert_at->needs_space) ? " " : "",
			c->append.v[i], stays && i + 1 == c->append.n ? " " : "");
	if (words.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (before) {
		const struct word *w = &l->word[spot.before];
		const struct src_byte *cell = &l->field[w->field].cell[w->first];
		return encode_at(ret, cell->file, cell->begin, cell->context, words.data,
			l->dialect, encode, err);
	}
	if (!behind)
		return encode_at(ret, insert_at->file, insert_at->at, insert_at->context,
			words.data, l->dialect, encode, err);
	const struct src_byte *cell = &insert_at->cell[l->word[spot.after].last - 1];
	return encode_at(ret, insert_at->file, cell->out, cell->out_context, words.data, l->dialect,
		encode, err);
}

int edit_splice(const struct tokens *l, const struct edit *c, edit_encode encode,
	struct splices *ret, struct err *err)
{
	for (size_t i = 0; i < l->words; i++) {
		if (!c->new_text[i])
			continue;
		const struct word *w = &l->word[i];
		const struct segment *f = &l->field[w->field];
		if (c->new_text[i][0] == '\0') {
			if (word_cut(l, c, i, ret) < 0)
				return err_set(err, ENOMEM, "out of memory");
			continue;
		}
		for (size_t at = w->first; at < w->last; at++)
			if (cell_cut(&f->cell[at], ret) < 0)
				return err_set(err, ENOMEM, "out of memory");
		const struct src_byte *cell = &f->cell[w->first];
		int rc = encode_at(ret, cell->file, cell->begin, cell->context, c->new_text[i],
			l->dialect, encode, err);
		if (rc < 0)
			return rc;
	}
	return c->append.n > 0 ? words_append(l, c, encode, ret, err) : 0;
}

static int splice_compare(const void *a, const void *b)
{
	const struct splice *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	/* An insertion comes before a cut at the same position, equal ones in order of creation. */
	if ((x->begin == x->end) != (y->begin == y->end))
		return x->begin == x->end ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int splices_apply(struct splices *s, uint16_t file, const char *text, size_t len, struct text *ret)
{
	size_t at = 0;

	qsort(s->v, s->n, sizeof(*s->v), splice_compare);
	for (size_t i = 0; i < s->n; i++) {
		const struct splice *p = &s->v[i];
		if (p->file != file)
			continue;
		if (p->begin > at)
			text_add(ret, text + at, p->begin - at);
		text_add(ret, p->text, strlen(p->text));
		/* Cuts may overlap: two words that share a blank, a variable used twice. */
		if (p->end > at)
			at = p->end;
	}
	if (len > at)
		text_add(ret, text + at, len - at);
	return ret->failed ? -ENOMEM : 0;
}

/* ---- builder -----------------------------------------------------------------------------------
 */

static void edit_builder_done(struct edit_builder *d)
{
	for (size_t i = 0; i < d->n; i++)
		karg_done(&d->k[i]);
	free(d->k);
	for (size_t i = 0; d->new_text && i < d->line->words; i++)
		free(d->new_text[i]);
	free(d->new_text);
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

static int edit_builder_begin(struct edit_builder *ret, const struct tokens *l)
{
	*ret = (struct edit_builder){.line = l, .kernel = tokens_kargs(l)};
	ret->new_text = calloc(l->words + 1, sizeof(*ret->new_text));
	ret->k = calloc(l->words + 1, sizeof(*ret->k));
	int rc = ret->new_text && ret->k ? 0 : -ENOMEM;
	for (size_t i = 0; i < l->words && rc == 0; i++)
		rc = edit_builder_push(ret, l->word[i].text);
	if (rc < 0)
		edit_builder_done(ret);
	return rc;
}

static bool edit_builder_stays(const struct edit_builder *d, size_t i)
{
	const struct tokens *l = d->line;

	if (i >= l->words)
		return true;
	if (i >= d->kernel)
		return false;
	return d->new_text[i] ? d->new_text[i][0] != '\0' : !l->word[i].unknown;
}

/* True for K=$X: the kernel gets a K=, and only what runs tells its value. */
static bool edit_builder_half_known(const struct edit_builder *d, size_t i)
{
	const struct tokens *l = d->line;

	return i < d->kernel && l->word[i].unknown && !d->new_text[i] && d->k[i].value &&
	       !strpbrk(d->k[i].name, "$\x01");
}

/* … in a segment that the reader of the line does not ignore. */
static bool half_known_counts(const struct edit_builder *d, size_t i)
{
	return edit_builder_half_known(d, i) && !d->line->field[d->line->word[i].field].ignored;
}

/* The last such word with this name behind word `from`; SIZE_MAX: none. */
static size_t half_known_after(const struct edit_builder *d, const char *name, size_t from)
{
	for (size_t i = d->kernel; i-- > 0 && (from == SIZE_MAX || i > from);)
		if (half_known_counts(d, i) && karg_same_name(d->k[i].name, name))
			return i;
	return SIZE_MAX;
}

/* … and the reader of the line does not ignore its segment. */
static bool edit_builder_counts(const struct edit_builder *d, size_t i)
{
	const struct tokens *l = d->line;
	return edit_builder_stays(d, i) && (i >= l->words || !l->field[l->word[i].field].ignored);
}

static int edit_builder_become(struct edit_builder *d, size_t i, const char *text)
{
	char *copy = strdup(text);
	struct karg k = {0};
	if (!copy || (copy[0] && karg_read(copy, &k) < 0)) {
		free(copy);
		return -ENOMEM;
	}
	free(d->new_text[i]);
	d->new_text[i] = copy;
	if (copy[0]) {
		karg_done(&d->k[i]);
		d->k[i] = k;
	}
	return 0;
}

static int edit_builder_append(struct edit_builder *d, const char *word)
{
	if (edit_builder_push(d, word) < 0)
		return -ENOMEM;
	return strings_add(&d->append, word);
}

static size_t edit_builder_last(const struct edit_builder *d, const char *name)
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
		if (!karg_same_name(d->k[i].name, name))
			continue;
		if (other && half_known_counts(d, i))
			on = false;
		if (!edit_builder_counts(d, i))
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

static bool edit_builder_in_effect(const struct edit_builder *d, const struct karg *k)
{
	if (!k->value || karg_rules_every_counts(k->name))
		return has_word(d, k);
	if (karg_rules_is_list(k->name))
		return list_in_effect(d, k);
	size_t last = edit_builder_last(d, k->name);
	return last != SIZE_MAX && karg_equal(&d->k[last], k) &&
	       half_known_after(d, k->name, last) == SIZE_MAX;
}

static int edit_builder_hugepages(
	const struct edit_builder *d, const char *size, struct hugepages *ret)
{
	const struct karg **k = calloc(d->n + 1, sizeof(*k)); // NOLINT(bugprone-sizeof-expression)

	if (!k)
		return -ENOMEM;
	for (size_t i = 0; i < d->n; i++)
		k[i] = edit_builder_counts(d, i) || half_known_counts(d, i) ? &d->k[i] : NULL;
	hugepages_find(k, d->n, size, ret);
	free(k);
	return 0;
}

/* ---- edit --------------------------------------------------------------------------------------
 */

void edit_done(struct edit *c)
{
	for (size_t i = 0; i < c->words; i++)
		free(c->new_text[i]);
	free(c->new_text);
	strings_done(&c->append);
	strings_done(&c->notes);
	*c = (struct edit){0};
}

bool edit_empty(const struct edit *c)
{
	for (size_t i = 0; i < c->words; i++)
		if (c->new_text[i])
			return false;
	return c->append.n == 0;
}

/* The list of K=list without the item, or NULL if the item is not in it. "" if nothing is left. */
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

/* A word that is requested too keeps its position: twice is then the same as once. */
static bool wanted_too(const struct karg_ops *r, const struct karg *k)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == KARG_OP_ADD && karg_equal(&r->v[i].k, k))
			return true;
	return false;
}

static int unknown_refuse(const struct edit_builder *d, size_t i, struct err *err)
{
	return err_set(err, EINVAL,
		"the value of %s= comes from an expansion, so what the kernel gets is not known; --set %s=VALUE replaces it, --remove %s= takes it away",
		d->k[i].name, d->k[i].name, d->k[i].name);
}

/* Of K=$X only what concerns every K= can be decided. */
static int half_known_remove(
	struct edit_builder *d, size_t i, const struct karg_ops *r, struct err *err)
{
	for (size_t w = 0; w < r->n && edit_builder_half_known(d, i); w++) {
		const struct karg_op *op = &r->v[w];
		if (karg_op_adds(op) || !op->k.value || !karg_same_name(op->k.name, d->k[i].name))
			continue;
		if (op->kind != KARG_OP_REMOVE_KEY)
			return unknown_refuse(d, i, err);
		if (edit_builder_become(d, i, "") < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

/* True if the request is about this word, should it be one. */
static bool is_concerned(const struct karg *k, const struct karg_op *op)
{
	bool same = karg_same_name(k->name, op->k.name);

	switch (op->kind) {
	case KARG_OP_REMOVE_WORD:
		return karg_equal(k, &op->k);
	case KARG_OP_REMOVE_KEY:
	case KARG_OP_SET:
		return same && k->value;
	case KARG_OP_REMOVE_ELEMENT:
		return same && k->value &&
		       karg_list_has(k->value, op->k.value, strlen(op->k.value));
	case KARG_OP_ADD:
		return same && k->value && karg_same_name(k->name, "vfio_pci.ids");
	case KARG_OP_ADD_WEAK:
		break;
	}
	return false;
}

/* In ${X:+$X }quiet an expansion may end in a blank, so each part may be a word of its own. */
static int glued_check(
	const struct edit_builder *d, size_t i, const struct karg_ops *r, struct err *err)
{
	for (const char *at = d->line->word[i].text; *at;) {
		size_t len = strcspn(at, "\x01");
		_cleanup_(str_free) char *part = strndup(at, len);
		_cleanup_(karg_done) struct karg k = {0};
		if (!part || karg_read(part, &k) < 0)
			return err_set(err, ENOMEM, "out of memory");
		for (size_t w = 0; w < r->n && len > 0; w++)
			if (is_concerned(&k, &r->v[w]))
				return err_set(err, EINVAL,
					"%s is beside an expansion without a blank, so it is not known whether it is a word of its own; put a blank there first",
					part);
		at += len + (at[len] != '\0');
	}
	return 0;
}

static int unknown_check(
	struct edit_builder *d, size_t i, const struct karg_ops *r, struct err *err)
{
	if (edit_builder_half_known(d, i))
		return half_known_remove(d, i, r, err);
	return d->line->word[i].unknown ? glued_check(d, i, r, err) : 0;
}

static int removals_decide(struct edit_builder *d, const struct karg_ops *r, struct err *err)
{
	for (size_t i = 0; i < d->kernel; i++) {
		int rc = unknown_check(d, i, r, err);
		if (rc < 0)
			return rc;
		for (size_t w = 0; w < r->n && edit_builder_stays(d, i); w++) {
			if (karg_op_adds(&r->v[w]) ||
				(r->v[w].kind == KARG_OP_REMOVE_KEY && wanted_too(r, &d->k[i])))
				continue;
			if (remove_one(d, i, &r->v[w]) < 0)
				return err_set(err, ENOMEM, "out of memory");
		}
		if (d->new_text[i] && !d->new_text[i][0] && karg_same_name(d->k[i].name, "root"))
			return err_set(err, EINVAL,
				"%s would go, and nothing boots without it: not done",
				d->line->word[i].text);
	}
	return 0;
}

/* The kernel uses only the last vfio-pci.ids= (kernel/params.c, module_param_string): a second word
 * would drop the first device, so the ids are merged into it. */
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
		d, merged.data); /* appended before in the same request: the last one wins */
}

static int add_one(struct edit_builder *d, const struct karg_op *w, struct err *err)
{
	const struct karg *k = &w->k;
	size_t unknown = half_known_after(d, k->name, SIZE_MAX);

	/* The ids of such a word would be dropped, and its iommu=off would stay. */
	if (unknown != SIZE_MAX &&
		(karg_same_name(k->name, "vfio_pci.ids") || karg_same_name(k->name, "iommu")))
		return unknown_refuse(d, unknown, err);

	if (k->value && karg_same_name(k->name, "vfio_pci.ids"))
		return ids_add(d, w);
	/* Nothing resets iommu=off, so iommu=pt has no effect beside it. */
	if (k->value && karg_same_name(k->name, "iommu") && !karg_list_has(k->value, "off", 3)) {
		for (size_t i = 0; i < d->kernel; i++) {
			if (edit_builder_stays(d, i) && item_remove(d, i, "iommu", "off") < 0)
				return -ENOMEM;
		}
	}
	if (edit_builder_in_effect(d, k))
		return 0;
	return edit_builder_append(d, w->text);
}

static int set_one(struct edit_builder *d, const struct karg_op *w)
{
	size_t last = edit_builder_last(d, w->k.name);
	size_t unknown = half_known_after(d, w->k.name, last);

	if (unknown != SIZE_MAX)
		last = unknown;
	for (size_t i = 0; i < d->kernel; i++) {
		bool is = edit_builder_half_known(d, i) ||
			  (edit_builder_stays(d, i) && d->k[i].value);
		if (!is || !karg_same_name(d->k[i].name, w->k.name))
			continue;
		if (i == last ? !karg_equal(&d->k[i], &w->k) : true)
			if (edit_builder_become(d, i, i == last ? w->text : "") < 0)
				return -ENOMEM;
	}
	return last == SIZE_MAX || !d->k[last].value ? edit_builder_append(d, w->text) : 0;
}

/* True if operations i and i + 1 are hugepagesz=X and hugepages=N: one request. */
static bool is_pair(const struct karg_ops *r, size_t i)
{
	return i + 1 < r->n && r->v[i].kind == KARG_OP_ADD && r->v[i + 1].kind == KARG_OP_ADD &&
	       r->v[i].k.value && r->v[i + 1].k.value &&
	       karg_same_name(r->v[i].k.name, "hugepagesz") &&
	       karg_same_name(r->v[i + 1].k.name, "hugepages");
}

/* True if the request has a pair of another size. */
static bool asks_for_others(const struct karg_ops *r, const struct karg *size)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_pair(r, i) && !karg_equal(&r->v[i].k, size))
			return true;
	return false;
}

/* The count of a size that is there changes in place: the kernel would refuse the size a second
 * time, and drop the count behind it. */
static int pair_add(struct edit_builder *d, const struct karg_ops *r, size_t i,
	const struct karg_op *by_default)
{
	const struct karg_op *size = &r->v[i], *count = size + 1;
	struct hugepages there;

	if (edit_builder_hugepages(d, size->k.value, &there) < 0)
		return -ENOMEM;
	if (there.count < d->line->words)
		return str_equal(d->k[there.count].value, count->k.value)
			       ? 0
			       : edit_builder_become(d, there.count, count->text);
	if (there.size < d->line->words && there.last &&
		d->line->word[there.size].field <= d->line->insert_at)
		return edit_builder_append(d, count->text);
	if (there.size < d->line->words && edit_builder_become(d, there.size, "") < 0)
		return -ENOMEM;
	bool only = !there.has_default && !there.has_others && !asks_for_others(r, &size->k);
	if (by_default && only && edit_builder_append(d, by_default->text) < 0)
		return -ENOMEM;
	int rc = edit_builder_append(d, size->text);
	return rc < 0 ? rc : edit_builder_append(d, count->text);
}

static int additions_decide(struct edit_builder *d, const struct karg_ops *r, struct err *err)
{
	const struct karg_op *by_default = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct karg_op *w = &r->v[i];
		int ret = 0;
		if (w->kind == KARG_OP_SET) {
			ret = set_one(d, w);
		} else if (w->kind == KARG_OP_ADD_WEAK) {
			by_default = w;
		} else if (is_pair(r, i)) {
			ret = pair_add(d, r, i++, by_default);
			by_default = NULL;
		} else if (w->kind == KARG_OP_ADD) {
			ret = add_one(d, w, err);
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
		const char *text = d->new_text[i] ? d->new_text[i] : l->word[i].text;
		len += text[0] ? strlen(text) + 1 : 0;
	}
	for (size_t i = 0; i < d->append.n; i++)
		len += strlen(d->append.v[i]) + 1;
	return len > 0 ? len - 1 : 0;
}

/* True if the word would win over a requested one with a value, even as a flag of its name; a
 * requested flag has effect at any position. */
static bool word_wins(const char *word, const struct karg_ops *r)
{
	_cleanup_(karg_done) struct karg k = {0};

	if (karg_read(word, &k) < 0)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (karg_op_adds(&r->v[i]) && r->v[i].k.value && !karg_rules_every_counts(k.name) &&
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
		if (l->field[w->field].ignored || !word_wins(w->text, r))
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
	rc = additions_decide(&d, r, err);
	if (rc < 0)
		return rc == -ENOMEM ? err_set(err, ENOMEM, "out of memory") : rc;
	size_t len = length_after(&d);
	if (d.append.n > 0 && len > CHANGE_LINE_MAX)
		return err_set(err, EINVAL,
			"the kernel command line would have %zu characters, and the kernel reads %d: the rest would be cut off",
			len, CHANGE_LINE_MAX);
	*ret = (struct edit){.new_text = d.new_text, .words = l->words, .append = d.append};
	d.new_text = NULL;
	d.append = (struct strings){0};
	return 0;
}
