/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sources_done(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].name);
		free(s->v[i].old);
		free(s->v[i].text);
	}
	free(s->v);
	strings_done(&s->before);
	strings_done(&s->after);
	strings_done(&s->notes);
	strings_done(&s->added);
	strings_done(&s->removed);
	*s = (struct sources){0};
}

int sources_add(struct sources *s, const char *path, char *text, size_t len)
{
	struct source *v = realloc(s->v, (s->n + 1) * sizeof(*v));
	char *copy = v ? strdup(path) : NULL, *name = NULL;
	if (v)
		s->v = v;
	if (!copy || asprintf(&name, "/%s", path) < 0) {
		free(copy);
		free(text);
		return -ENOMEM;
	}
	v[s->n++] = (struct source){.path = copy, .name = name, .old = text, .old_len = len};
	return 0;
}

const char *source_text(const struct source *s, size_t *ret_len)
{
	if (s->text) {
		*ret_len = s->len;
		return s->text;
	}
	*ret_len = s->old ? s->old_len : 0;
	return s->old ? s->old : "";
}

int source_take(struct source *s, struct text *text)
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

bool sources_changed(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].text)
			return true;
	return false;
}

int line_words(const struct line *l, struct strings *ret)
{
	for (size_t i = 0; i < l->words; i++)
		if (strings_add(ret, l->word[i].text) < 0)
			return -ENOMEM;
	return 0;
}

int sources_report(struct sources *s, const struct line *l, const struct change *c)
{
	int r = 0;

	for (size_t i = 0; i < c->words && r == 0; i++) {
		if (!c->fate[i])
			continue;
		r = strings_add(&s->removed, l->word[i].text);
		if (r == 0 && c->fate[i][0])
			r = strings_add(&s->added, c->fate[i]);
	}
	for (size_t i = 0; i < c->append.n && r == 0; i++)
		r = strings_add(&s->added, c->append.v[i]);
	return r;
}

int sources_apply(struct sources *s, struct splices *p)
{
	for (size_t i = 0; i < s->n; i++) {
		_cleanup_(text_done) struct text out = {0};
		size_t len;
		const char *text = source_text(&s->v[i], &len);
		bool any = false;
		for (size_t k = 0; k < p->n; k++)
			any |= p->v[k].file == i;
		if (!any)
			continue;
		if (splices_apply(p, (uint16_t)i, text, len, &out) < 0 ||
			source_take(&s->v[i], &out) < 0)
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

int line_edit(struct sources *s, struct line *l, const struct request *r, change_encode encode,
	const char *where, struct strings *ret_expect, struct err *err)
{
	_cleanup_(change_done) struct change c = {0};
	_cleanup_(splices_done) struct splices p = {0};
	struct err why = {0};

	if (line_words(l, &s->before) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (r->n == 0)
		return 0;
	(void)change_place(l, r);
	int rc = change_decide(l, r, &c, &why);
	if (rc == 0 && change_empty(&c))
		return 0;
	if (rc == 0)
		rc = change_splice(l, &c, encode, &p, &why);
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", where, why.text);
	if (change_expect(l, &c, ret_expect) < 0 || sources_report(s, l, &c) < 0 ||
		sources_apply(s, &p) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 1;
}
