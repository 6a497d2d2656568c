/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/menu.h"

#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int menu_value_add(struct menu_values *to, size_t begin, size_t end, bool quoted)
{
	struct menu_value *v = realloc(to->v, (to->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	to->v = v;
	v[to->n++] = (struct menu_value){begin, end, quoted};
	return 0;
}

static void values_done(struct menu_values *v)
{
	free(v->v);
}

bool menu_line_next(const char *text, size_t len, size_t *at, struct menu_line *ret)
{
	if (*at >= len)
		return false;
	const char *nl = memchr(text + *at, '\n', len - *at);
	size_t end = nl ? (size_t)(nl - text) : len;

	ret->begin = *at;
	ret->number++;
	*at = nl ? end + 1 : len;
	while (end > ret->begin && karg_blank(text[end - 1]))
		end--;
	while (ret->begin < end && karg_blank(text[ret->begin]))
		ret->begin++;
	ret->end = end;
	return true;
}

bool menu_is_fallback(const char *text, size_t begin, size_t end)
{
	static const char *const words[] = {"fallback", "rescue", "recovery", "snapshot", "memtest",
		"single-user", "minimal", NULL};
	_cleanup_(str_free) char *title = strndup(text + begin, end - begin);

	for (const char *const *w = words; *w && title; w++)
		if (strcasestr(title, *w))
			return true;
	return false;
}

enum context { PLAIN, QUOTED, PLAIN_EMPTY };

static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	if (context == QUOTED && strchr(text, '%'))
		return err_set(err, EINVAL, "%s: rEFInd reads a %% as its own", text);
	if (context == PLAIN_EMPTY)
		text_add(ret, " ", 1);
	if (context != QUOTED)
		return plain_encode(context, text, dialect, ret, err);
	for (const char *p = text; *p; p++)
		text_add(ret, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
	return 0;
}

/* Reads one value as a command line of its own. */
static int value_line(
	const char *text, const struct menu_value *v, struct tokens *ret, struct err *err)
{
	struct segment *f = tokens_segment(ret);
	if (!f)
		return -ENOMEM;
	f->at = v->begin;
	f->context = v->quoted ? QUOTED
		     : v->begin > 0 && !karg_blank(text[v->begin - 1]) && text[v->begin - 1] != '='
			     ? PLAIN_EMPTY
			     : PLAIN;
	for (size_t i = v->begin; i < v->end;) {
		size_t n = v->quoted && text[i] == '"' && i + 1 < v->end ? 2 : 1;
		struct src_byte c = {.c = text[i],
			.begin = i,
			.end = i + n,
			.out = i + n,
			.context = v->quoted ? QUOTED : PLAIN,
			.out_context = v->quoted ? QUOTED : PLAIN};
		if (segment_add(f, &c) < 0)
			return -ENOMEM;
		i += n;
	}
	return tokens_split(ret, err);
}

/* Decides on one command line and adds its splices; its new parameters go to expect. */
static int value_edit(struct file_edits *s, const char *text, const struct menu_value *v,
	const struct karg_ops *r, struct splices *p, struct strings *expect, struct err *err)
{
	_cleanup_(tokens_done) struct tokens l = {0};
	_cleanup_(edit_done) struct edit c = {0};

	int rc = value_line(text, v, &l, err);
	if (rc == 0)
		rc = line_words(&l, &s->before);
	if (rc == 0)
		rc = edit_decide(&l, r, &c, err);
	if (rc == 0)
		rc = edit_expect(&l, &c, expect);
	if (rc == 0 && !edit_empty(&c)) {
		rc = edit_splice(&l, &c, encode, p, err);
		if (rc == 0)
			rc = file_edits_report(s, &l, &c);
	}
	return rc;
}

static int edit_verify(
	struct file_edits *s, menu_scan scan, const struct strings *expect, struct err *err)
{
	_cleanup_(values_done) struct menu_values values = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);

	int rc = scan(s->v[0].name, text, len, &values, err);
	for (size_t i = 0; i < values.n && rc == 0; i++) {
		_cleanup_(tokens_done) struct tokens l = {0};
		rc = value_line(text, &values.v[i], &l, err);
		if (rc == 0)
			rc = line_words(&l, &s->after);
	}
	if (rc == 0 && !kargs_same(&s->after, expect))
		rc = err_set(err, EINVAL, "%s: can't be edited with certainty", s->v[0].name);
	return rc;
}

int menu_edit(struct file_edits *s, menu_scan scan, const struct karg_ops *r, struct err *err)
{
	_cleanup_(values_done) struct menu_values values = {0};
	_cleanup_(splices_done) struct splices p = {0};
	_cleanup_(strings_done) struct strings expect = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[0], &len);
	struct err reason = {0};

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: contains a NUL byte", s->v[0].name);
	int rc = scan(s->v[0].name, text, len, &values, err);
	if (rc < 0)
		return rc;
	if (values.n == 0 && r->n > 0)
		return err_set(err, EINVAL, "%s: has no kernel command line that could be edited",
			s->v[0].name);
	for (size_t i = 0; i < values.n && rc == 0; i++)
		rc = value_edit(s, text, &values.v[i], r, &p, &expect, &reason);
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text);
	if (p.n == 0)
		return 0;
	if (file_edits_apply(s, &p) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return edit_verify(s, scan, &expect, err);
}
