/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/karg.h"
#include "shared/json_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * /etc/kernelstub/configuration of Pop!_OS: JSON with user.kernel_options, a list of parameters or,
 * from some vendors, one string of them. Only that value changes; the rest of the file keeps even
 * its indentation.
 */

/* The options as tokens: one segment for each string. */
struct options {
	struct tokens line;
	bool list;
	size_t open; /* the opening bracket of the list */
	struct {
		size_t begin, end; /* with the quotes */
	} element[256];
};

enum context { IN_STRING };

static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	(void)context;
	(void)dialect;
	(void)err;
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			text_add(ret, "\\", 1);
		text_add(ret, p, 1);
	}
	return 0;
}

static int string_field(struct options *o, const char *text, size_t begin, size_t end)
{
	struct segment *f = tokens_segment(&o->line);
	if (!f)
		return -ENOMEM;
	f->at = begin;
	for (size_t i = begin; i < end;) {
		size_t n = text[i] == '\\' ? 2 : 1;
		struct src_byte c = {.c = text[i + n - 1], .begin = i, .end = i + n, .out = i + n};
		/* No kernel parameter is written with \n or \u0041. */
		c.unknown = n == 2 && !strchr("\"\\/", c.c);
		c.c = c.unknown ? '\x01' : c.c;
		if (segment_add(f, &c) < 0)
			return -ENOMEM;
		i += n;
	}
	return 0;
}

/*
 * Where values are in a text that json_parse has accepted; a position is that of a value's first
 * byte, or the one after its last.
 */
static size_t skip_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, " \t\r\n");
}

static size_t string_end(const char *text, size_t at)
{
	for (at++; text[at] != '"'; at += text[at] == '\\' ? 2 : 1)
		;
	return at + 1;
}

static size_t value_end(const char *text, size_t at)
{
	unsigned depth = 0;

	do {
		if (text[at] == '"') {
			at = string_end(text, at);
			continue;
		}
		depth += text[at] == '{' || text[at] == '[';
		depth -= text[at] == '}' || text[at] == ']';
		at++;
	} while (text[at] != '\0' && (depth > 0 || !strchr(" \t\r\n,]}", text[at])));
	return at;
}

/* The value after this one, or the bracket that closes what both are in. */
static size_t value_next(const char *text, size_t end)
{
	size_t at = skip_blanks(text, end);

	return text[at] == ',' ? skip_blanks(text, at + 1) : at;
}

/* The value of a key, of which the last counts; 0 if there is none, or a key has escapes. */
static size_t member_at(const char *text, size_t object, const char *key)
{
	size_t found = 0, len = strlen(key);

	if (text[object] != '{')
		return 0;
	for (size_t at = skip_blanks(text, object + 1); text[at] == '"';) {
		size_t end = string_end(text, at);
		if (memchr(text + at, '\\', end - at))
			return 0;
		size_t value = skip_blanks(text, skip_blanks(text, end) + 1);
		if (end - at == len + 2 && memcmp(text + at + 1, key, len) == 0)
			found = value;
		at = value_next(text, value_end(text, value));
	}
	return found;
}

static int list_scan(
	const char *text, size_t list, const char *name, struct options *o, struct err *err)
{
	o->list = true;
	o->open = list;
	for (size_t at = skip_blanks(text, list + 1); text[at] != ']';) {
		size_t end = value_end(text, at);
		if (o->line.fields == 256 || text[at] != '"')
			return err_set(err, EINVAL,
				"%s: user.kernel_options holds something else than strings", name);
		o->element[o->line.fields].begin = at;
		o->element[o->line.fields].end = end;
		if (string_field(o, text, at + 1, end - 1) < 0)
			return err_set(err, ENOMEM, "out of memory");
		at = value_next(text, end);
	}
	return 0;
}

static int options_scan(const struct file_edit *src, struct options *o, struct err *err)
{
	_cleanup_(json_done) struct json_object *j = NULL;
	struct err reason = {0};
	size_t len;
	const char *text = file_edit_text(src, &len);

	int rc = json_parse(&j, text, len, &reason);
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", src->name, reason.text);
	size_t user = member_at(text, skip_blanks(text, 0), "user");
	size_t value = user > 0 ? member_at(text, user, "kernel_options") : 0;
	if (value == 0)
		return err_set(err, EINVAL, "%s: has no user.kernel_options", src->name);
	if (text[value] == '[')
		return list_scan(text, value, src->name, o, err);
	if (text[value] != '"')
		return err_set(err, EINVAL,
			"%s: user.kernel_options is neither a list nor a string", src->name);
	return string_field(o, text, value + 1, value_end(text, value) - 1) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int options_read(const struct file_edit *src, struct options *o, struct err *err)
{
	struct err reason = {0};
	int rc = options_scan(src, o, err);

	if (rc < 0)
		return rc;
	o->line.insert_at = o->line.fields > 0 ? o->line.fields - 1 : 0;
	rc = tokens_split(&o->line, &reason);
	return rc < 0 ? err_set(err, -rc, "%s: %.400s", src->name, reason.text) : 0;
}

static bool element_goes(const struct options *o, const struct edit *c, size_t field)
{
	size_t words = 0, gone = 0;

	for (size_t i = 0; i < o->line.words; i++) {
		if (o->line.word[i].field != field)
			continue;
		words++;
		gone += c->new_text[i] && c->new_text[i][0] == '\0';
	}
	return words > 0 && words == gone;
}

/* An element is removed with the comma and blanks before it; the first one with those after it. */
static int elements_cut(
	const struct options *o, const struct edit *c, struct splices *p, size_t *ret_left)
{
	bool first = true; /* no remaining element before it */

	for (size_t f = 0; f < o->line.fields; f++) {
		if (!element_goes(o, c, f)) {
			first = false;
			(*ret_left)++;
			continue;
		}
		size_t begin = o->element[f].begin, end = o->element[f].end;
		if (!first)
			begin = o->element[f - 1].end;
		else if (f + 1 < o->line.fields)
			end = o->element[f + 1].begin;
		if (splices_add(p, 0, begin, end, "") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Adds elements after the last one, on lines of their own if the others are. */
static int elements_add(const char *text, const struct options *o, const struct edit *c,
	size_t left, struct splices *p)
{
	_cleanup_(text_done) struct text out = {0};
	size_t n = o->line.fields, at = n > 0 ? o->element[n - 1].end : o->open + 1;
	size_t from = n > 1 ? o->element[n - 2].end + 1 : o->open + 1;
	_cleanup_(str_free) char *gap = n > 0 ? strndup(text + from, o->element[n - 1].begin - from)
					      : strdup("");

	if (!gap || strspn(gap, " \t\r\n") != strlen(gap))
		return -ENOMEM;
	if (n == 1 && !strchr(gap, '\n'))
		gap[0] = '\0';
	for (size_t i = 0; i < c->append.n; i++, left++) {
		text_print(&out, "%s%s\"", left > 0 ? "," : "",
			left == 0 ? ""
			: gap[0]  ? gap
				  : " ");
		(void)encode(IN_STRING, c->append.v[i], DIALECT_KERNEL, &out, NULL);
		text_print(&out, "\"");
	}
	return out.failed ? -ENOMEM : splices_add(p, 0, at, at, out.data ? out.data : "");
}

static int list_edit(struct file_edits *s, struct options *o, const struct karg_ops *r,
	struct strings *expect, struct err *err)
{
	_cleanup_(edit_done) struct edit c = {0};
	_cleanup_(splices_done) struct splices p = {0};
	struct err reason = {0};
	size_t left = 0, len;
	const char *text = file_edit_text(&s->v[0], &len);

	if (line_before(s, &o->line) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = edit_decide(&o->line, r, &c, &reason);
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", s->v[0].name, reason.text);
	if (edit_empty(&c))
		return 0;
	if (edit_expect(&o->line, &c, expect) < 0 || file_edits_report(s, &o->line, &c) < 0)
		return err_set(err, ENOMEM, "out of memory");
	/* Removed elements are cut from the file as a whole, after the edits inside elements. */
	struct edit rest = c;
	rest.append = (struct strings){0};
	if (tokens_kargs(&o->line) < o->line.words && c.append.n > 0)
		return err_set(
			err, EINVAL, "%s: holds a bare `--'; take it out first", s->v[0].name);
	rc = edit_splice(&o->line, &rest, encode, &p, &reason);
	if (rc == 0)
		rc = elements_cut(o, &c, &p, &left);
	if (rc == 0 && c.append.n > 0)
		rc = elements_add(text, o, &c, left, &p);
	if (rc == 0)
		rc = file_edits_apply(s, &p);
	return rc < 0 ? err_set(err, -rc, "%s: can't be edited", s->v[0].name) : 1;
}

int kernelstub_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	struct options old = {0}, new = {0};
	_cleanup_(strings_done) struct strings expect = {0};

	int rc = options_read(&s->v[0], &old, err);
	if (rc == 0)
		rc = old.list ? list_edit(s, &old, r, &expect, err)
			      : line_edit(s, &old.line, r, encode, s->v[0].name, &expect, err);
	if (rc > 0) {
		rc = options_read(&s->v[0], &new, err);
		if (rc == 0)
			rc = line_verify(s, &new.line, &expect, s->v[0].name, err);
	}
	tokens_done(&old.line);
	tokens_done(&new.line);
	return rc;
}
