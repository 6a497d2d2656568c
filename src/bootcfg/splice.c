/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/splice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where appended words come to stand. */
struct spot {
	size_t before; /* the word they precede: `--`, or the first of a home that loses all */
	size_t after;  /* the last word that stays in home; both SIZE_MAX: home is empty */
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
		if (!c->fate[i] || c->fate[i][0]) {
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
	size_t at = 0; /* behind the fields up to home */

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
		const char *text = c->fate[i] ? c->fate[i] : l->word[i].text;
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
 * Whether the blank lies beside the word in the text, and not on the other side of an expansion: in
 * X="$X a" the one behind `$X` has to stay when the last word of X goes.
 */
static bool same_text(const struct src_byte *word, const struct src_byte *blank)
{
	return word->file == blank->file && (word->out == word->end) == (blank->out == blank->end);
}

/*
 * Cuts word i with the blank before it, or the one behind it where it is the first of its field:
 * the very bytes that adding it put there. A blank already cut with its neighbour stays cut once.
 */
static int word_cut(const struct tokens *l, const struct edit *c, size_t i, struct splices *ret)
{
	const struct word *w = &l->word[i];
	const struct segment *f = &l->field[w->field];
	bool first = true; /* of what is left of the field */
	size_t before = i;

	while (before > 0 && l->word[before - 1].field == w->field) {
		before--;
		first &= c->fate[before] && c->fate[before][0] == '\0';
	}
	for (size_t at = w->first; at < w->last; at++)
		if (cell_cut(&f->cell[at], ret) < 0)
			return -ENOMEM;
	/* Not the first: the blank before it is its own. First of all: the one behind it. */
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
	bool stays = before && !c->fate[spot.before];
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
		if (!c->fate[i])
			continue;
		const struct word *w = &l->word[i];
		const struct segment *f = &l->field[w->field];
		if (c->fate[i][0] == '\0') {
			if (word_cut(l, c, i, ret) < 0)
				return err_set(err, ENOMEM, "out of memory");
			continue;
		}
		for (size_t at = w->first; at < w->last; at++)
			if (cell_cut(&f->cell[at], ret) < 0)
				return err_set(err, ENOMEM, "out of memory");
		const struct src_byte *cell = &f->cell[w->first];
		int rc = encode_at(ret, cell->file, cell->begin, cell->context, c->fate[i],
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
	/* An insertion comes before a cut at the same place, equal ones in the order they came. */
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
		/* Cuts may meet: two words that share a blank, a variable used twice. */
		if (p->end > at)
			at = p->end;
	}
	if (len > at)
		text_add(ret, text + at, len - at);
	return ret->failed ? -ENOMEM : 0;
}
