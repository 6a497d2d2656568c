/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"

#include "bootcfg/format/line_index.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void file_edit_done(struct file_edit *f)
{
	free(f->path);
	free(f->name);
	free(f->old);
	free(f->text);
	*f = (struct file_edit){0};
}

void file_edits_done(struct file_edits *s)
{
	for (size_t i = 0; i < s->n; i++)
		file_edit_done(&s->v[i]);
	free(s->v);
	strings_done(&s->before);
	strings_done(&s->places);
	strings_done(&s->after);
	strings_done(&s->notes);
	strings_done(&s->added);
	strings_done(&s->removed);
	*s = (struct file_edits){0};
}

int file_edits_add(struct file_edits *s, const char *path, char *text, size_t len)
{
	struct file_edit *v = realloc(s->v, (s->n + 1) * sizeof(*v));
	char *copy = v ? strdup(path) : NULL, *name = NULL;
	if (v)
		s->v = v;
	if (!copy || asprintf(&name, "/%s", path) < 0) {
		free(copy);
		free(text);
		return -ENOMEM;
	}
	v[s->n++] = (struct file_edit){.path = copy, .name = name, .old = text, .old_len = len};
	return 0;
}

const char *file_edit_text(const struct file_edit *s, size_t *ret_len)
{
	if (s->text) {
		*ret_len = s->len;
		return s->text;
	}
	*ret_len = s->old ? s->old_len : 0;
	return s->old ? s->old : "";
}

int file_edit_take(struct file_edit *s, struct text *text)
{
	if (text->failed)
		return -ENOMEM;
	free(s->text);
	s->text = NULL;
	s->len = 0;
	if (s->old && text->len == s->old_len &&
		(text->len == 0 || memcmp(text->data, s->old, text->len) == 0)) {
		text_done(text);
		return 0;
	}
	s->text = text->data ? text->data : strdup("");
	s->len = text->len;
	*text = (struct text){0};
	return s->text ? 0 : -ENOMEM;
}

bool file_edits_changed(const struct file_edits *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].text)
			return true;
	return false;
}

void word_show(const char *word, struct text *to)
{
	for (; *word; word++)
		text_add(to, *word == '\x01' ? "$..." : word, *word == '\x01' ? 4 : 1);
}

int line_words(const struct tokens *l, struct strings *ret)
{
	for (size_t i = 0; i < l->words; i++)
		if (strings_add(ret, l->word[i].text) < 0)
			return -ENOMEM;
	return 0;
}

/* Of a byte of the file as it is; "" for one that is only in the text to come. */
static char *place_of(const struct file_edit *f, const struct line_index *x, size_t at)
{
	char *place = NULL;

	if (f->old && at >= f->old_len)
		return strdup("");
	return asprintf(&place, "%s:%zu", f->name, line_index_of(x, at)) < 0 ? NULL : place;
}

static int places_add(
	struct file_edits *s, const struct tokens *l, struct line_index *index, bool *made)
{
	for (size_t i = 0; i < l->words; i++) {
		const struct word *w = &l->word[i];
		const struct src_byte *c = &l->field[w->field].cell[w->first];
		const struct file_edit *f = &s->v[c->file];
		size_t len;
		const char *text = file_edit_text(f, &len);
		if (!made[c->file] && line_index_make(&index[c->file], text, len) < 0)
			return -ENOMEM;
		made[c->file] = true;
		if (strings_take(&s->places, place_of(f, &index[c->file], c->begin)) < 0)
			return -ENOMEM;
	}
	return 0;
}

int line_before(struct file_edits *s, const struct tokens *l)
{
	struct line_index *index = calloc(s->n + 1, sizeof(*index));
	bool *made = calloc(s->n + 1, sizeof(*made));
	int rc = index && made ? line_words(l, &s->before) : -ENOMEM;

	if (rc == 0)
		rc = places_add(s, l, index, made);
	for (size_t i = 0; index && i < s->n; i++)
		line_index_done(&index[i]);
	free(index);
	free(made);
	return rc;
}

int file_edits_report(struct file_edits *s, const struct tokens *l, const struct edit *c)
{
	int r = 0;

	for (size_t i = 0; i < c->words && r == 0; i++) {
		if (!c->new_text[i])
			continue;
		r = strings_add(&s->removed, l->word[i].text);
		if (r == 0 && c->new_text[i][0])
			r = strings_add(&s->added, c->new_text[i]);
	}
	for (size_t i = 0; i < c->append.n && r == 0; i++)
		r = strings_add(&s->added, c->append.v[i]);
	return r;
}

int file_edits_apply(struct file_edits *s, struct splices *p)
{
	for (size_t i = 0; i < s->n; i++) {
		_cleanup_(text_done) struct text out = {0};
		size_t len;
		const char *text = file_edit_text(&s->v[i], &len);
		bool any = false;
		for (size_t k = 0; k < p->n; k++)
			any |= p->v[k].file == i;
		if (!any)
			continue;
		if (splices_apply(p, (uint16_t)i, text, len, &out) < 0 ||
			file_edit_take(&s->v[i], &out) < 0)
			return -ENOMEM;
	}
	return 0;
}

int plain_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	(void)context;
	(void)dialect;
	(void)err;
	text_add(ret, text, strlen(text));
	return 0;
}

int line_edit(struct file_edits *s, struct tokens *l, const struct karg_ops *r, edit_encode encode,
	const char *where, struct strings *ret_expect, struct err *err)
{
	_cleanup_(edit_done) struct edit c = {0};
	_cleanup_(splices_done) struct splices p = {0};
	struct err reason = {0};

	if (line_before(s, l) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (r->n == 0)
		return 0;
	(void)edit_place(l, r);
	int rc = edit_decide(l, r, &c, &reason);
	if (rc == 0 && edit_empty(&c))
		return 0;
	if (rc == 0)
		rc = edit_splice(l, &c, encode, &p, &reason);
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", where, reason.text);
	if (edit_expect(l, &c, ret_expect) < 0 || file_edits_report(s, l, &c) < 0 ||
		file_edits_apply(s, &p) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 1;
}

int line_verify(struct file_edits *s, const struct tokens *l, const struct strings *expect,
	const char *where, struct err *err)
{
	if (line_words(l, &s->after) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return kargs_same(&s->after, expect)
		       ? 0
		       : err_set(err, EINVAL, "%s: can't be edited with certainty", where);
}
