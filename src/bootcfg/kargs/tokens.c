/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/tokens.h"

#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tokens_done(struct tokens *l)
{
	for (size_t i = 0; i < l->fields; i++)
		free(l->field[i].cell);
	for (size_t i = 0; i < l->words; i++)
		free(l->word[i].text);
	free(l->field);
	free(l->word);
	*l = (struct tokens){0};
}

struct segment *tokens_segment(struct tokens *l)
{
	struct segment *v = realloc(l->field, (l->fields + 1) * sizeof(*v));
	if (!v)
		return NULL;
	l->field = v;
	v[l->fields] = (struct segment){0};
	return &v[l->fields++];
}

int segment_add(struct segment *f, const struct src_byte *c)
{
	if (f->n == f->size) {
		size_t size = f->size ? f->size * 2 : 64;
		struct src_byte *v = realloc(f->cell, size * sizeof(*v));
		if (!v)
			return -ENOMEM;
		f->cell = v;
		f->size = size;
	}
	f->cell[f->n++] = *c;
	return 0;
}

int segment_add_bytes(struct segment *f, const char *text, size_t begin, size_t end, uint16_t file)
{
	for (size_t i = begin; i < end; i++) {
		struct src_byte c = {
			.c = text[i], .file = file, .begin = i, .end = i + 1, .out = i + 1};
		if (segment_add(f, &c) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A word while it is read. */
struct reading {
	struct text text;
	bool blank; /* contains a blank that did not split */
	bool unknown;
};

static void reading_add(struct reading *r, const struct src_byte *c)
{
	text_add(&r->text, &c->c, 1);
	r->blank |= kcmdline_is_blank(c->c);
	r->unknown |= c->unknown;
}

/* True if the byte ends a word: a blank that is not an unknown byte. */
static bool ends_word(const struct src_byte *c)
{
	return !c->unknown && kcmdline_is_blank(c->c);
}

/* The kernel keeps quotes in the word; karg_read() removes them. */
static int kernel_word(const struct segment *f, size_t *i, struct reading *r)
{
	bool quoted = false;

	for (; *i < f->n && (quoted || !ends_word(&f->cell[*i])); (*i)++) {
		if (f->cell[*i].c == '"')
			quoted = !quoted;
		reading_add(r, &f->cell[*i]);
	}
	return quoted ? -EINVAL : 0;
}

/* Behind a `$` whatever is not the name of a variable leaves it a letter (format/grub_script). */
static bool begins_variable(const struct src_byte *c)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789{?*@#";

	return c->unknown || (c->c && strchr(first, c->c));
}

/*
 * GRUB's script lexer (grub-core/script/yylex.l): single quotes are literal, in double quotes a
 * backslash escapes `"`, `$` and itself, outside it escapes anything. `;`, `|`, `&` and similar
 * ones would end the command; here they are letters because no command line means them so.
 */
static int grub_word(const struct segment *f, size_t *i, struct reading *r)
{
	char quote = 0;

	for (; *i < f->n && (quote || !ends_word(&f->cell[*i])); (*i)++) {
		const struct src_byte *c = &f->cell[*i];
		bool more = *i + 1 < f->n;
		if (c->unknown) {
			reading_add(r, c);
		} else if (quote ? c->c == quote : c->c == '"' || c->c == '\'') {
			quote = quote ? 0 : c->c;
		} else if (c->c == '\\' && quote != '\'') {
			if (!more)
				return -EINVAL;
			char next = f->cell[*i + 1].c;
			if (quote == '"' && next != '"' && next != '$' && next != '\\')
				reading_add(r, c);
			else
				reading_add(r, &f->cell[++*i]);
		} else {
			/* A GRUB variable ($tuned_params): its value is not in this file. */
			r->unknown |= c->c == '$' && quote != '\'' && more &&
				      begins_variable(c + 1);
			reading_add(r, c);
		}
	}
	return quote ? -EINVAL : 0;
}

/* GRUB passes a word with blanks in quotes to the kernel (grub-core/lib/cmdline.c). */
static char *reading_take(struct reading *r, enum dialect dialect)
{
	char *text;

	if (r->text.failed)
		return NULL;
	if (dialect == DIALECT_GRUB && r->blank) {
		struct text quoted = {0};
		text_print(&quoted, "\"%s\"", r->text.data ? r->text.data : "");
		text = quoted.data;
		if (quoted.failed)
			text_done(&quoted), text = NULL;
		text_done(&r->text);
		return text;
	}
	text = r->text.data ? r->text.data : strdup("");
	r->text = (struct text){0};
	return text;
}

static int word_add(struct tokens *l, const struct word *w)
{
	struct word *v = realloc(l->word, (l->words + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->word = v;
	v[l->words++] = *w;
	return 0;
}

static int segment_split(struct tokens *l, size_t index, struct err *err)
{
	const struct segment *f = &l->field[index];

	for (size_t i = 0;;) {
		while (i < f->n && ends_word(&f->cell[i]))
			i++;
		if (i == f->n)
			return 0;
		struct reading r = {0};
		struct word w = {.field = (uint16_t)index, .first = i};
		int ret = l->dialect == DIALECT_GRUB ? grub_word(f, &i, &r)
						     : kernel_word(f, &i, &r);
		w.last = i;
		w.unknown = r.unknown;
		w.text = reading_take(&r, l->dialect);
		if (!w.text || (ret == 0 && word_add(l, &w) < 0)) {
			free(w.text);
			return err_set(err, ENOMEM, "out of memory");
		}
		if (ret < 0) {
			ret = err_set(err, EINVAL, "the quotes in %s don't match", w.text);
			free(w.text);
			return ret;
		}
	}
}

int tokens_split(struct tokens *l, struct err *err)
{
	for (size_t i = 0; i < l->fields; i++) {
		int ret = segment_split(l, i, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

size_t tokens_kargs(const struct tokens *l)
{
	for (size_t i = 0; i < l->words; i++)
		if (strcmp(l->word[i].text, "--") == 0 && !l->field[l->word[i].field].ignored)
			return i;
	return l->words;
}
