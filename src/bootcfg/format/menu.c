/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/file_edit.h"

#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One command line in a menu: the range of its parameters, without the quotes of the format. */
struct menu_value {
	size_t begin, end;
	bool quoted; /* in double quotes, where `""` is a quote (rEFInd) */
};

/* The command lines of a menu, in order. -EINVAL with PATH:LINE for an invalid line. */
struct menu_values {
	struct menu_value *v;
	size_t n;
};
typedef int (*menu_scan)(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err);

/* One line of a text, without newline and surrounding blanks. */
struct menu_line {
	size_t begin, end, number;
};

/* ---- editor ------------------------------------------------------------------------------------
 */

static int menu_value_add(struct menu_values *to, size_t begin, size_t end, bool quoted)
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

/* False at the end. */
static bool menu_line_next(const char *text, size_t len, size_t *at, struct menu_line *ret)
{
	if (*at >= len)
		return false;
	const char *nl = memchr(text + *at, '\n', len - *at);
	size_t end = nl ? (size_t)(nl - text) : len;

	ret->begin = *at;
	ret->number++;
	*at = nl ? end + 1 : len;
	while (end > ret->begin && kcmdline_is_blank(text[end - 1]))
		end--;
	while (ret->begin < end && kcmdline_is_blank(text[ret->begin]))
		ret->begin++;
	ret->end = end;
	return true;
}

/* True if the title is that of a fallback entry. */
static bool menu_is_fallback(const char *text, size_t begin, size_t end)
{
	_cleanup_(str_free) char *title = strndup(text + begin, end - begin);

	return title && entry_is_way_back(title);
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
		     : v->begin > 0 && !kcmdline_is_blank(text[v->begin - 1]) &&
				     text[v->begin - 1] != '='
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

static int menu_edit(
	struct file_edits *s, menu_scan scan, const struct karg_ops *r, struct err *err)
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

/* ---- the command lines in each kind of menu ----------------------------------------------------
 */

/* The length of a key at the start of a line, in any case, if one of `ends` follows; 0: another
 * key. */
static size_t key_at(const char *text, const struct menu_line *l, const char *key, const char *ends)
{
	size_t n = strlen(key);

	if (l->end - l->begin < n || strncasecmp(text + l->begin, key, n) != 0)
		return 0;
	if (l->begin + n == l->end)
		return strchr(ends, ' ') ? n : 0;
	return strchr(ends, text[l->begin + n]) ? n : 0;
}

/*
 * Limine: `/Title` opens an entry (`:` in the old limine.cfg), `cmdline: …` is part of it; CMDLINE=
 * is the old spelling, kernel_cmdline is an alias (CONFIG.md of limine).
 */
static int limine_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	static const char *const keys[] = {"cmdline", "kernel_cmdline", NULL};
	struct menu_line l = {0};
	bool is_fallback = false;

	(void)path;
	(void)err;
	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (text[l.begin] == '/' || text[l.begin] == ':')
			is_fallback = menu_is_fallback(text, l.begin, l.end);
		for (const char *const *k = keys; *k && !is_fallback; k++) {
			size_t n = key_at(text, &l, *k, ":=");
			if (n == 0)
				continue;
			size_t begin = l.begin + n + 1;
			while (begin < l.end && kcmdline_is_blank(text[begin]))
				begin++;
			if (menu_value_add(ret, begin, l.end, false) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

int limine_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, limine_scan, r, err);
}

/* A syslinux entry while it is parsed. */
struct label {
	bool is_fallback, linux_there;
	size_t begin, end; /* of the parameters of APPEND; 0: none */
};

static int label_close(struct label *l, struct menu_values *ret)
{
	int rc = 0;

	if (l->end > 0 && !l->is_fallback && l->linux_there)
		rc = menu_value_add(ret, l->begin, l->end, false);
	*l = (struct label){0};
	return rc;
}

/* syslinux (doc/syslinux.txt): LABEL opens an entry, LINUX or KERNEL has the file it starts, APPEND
 * its command line; an APPEND before the first label is for entries without APPEND. */
static int extlinux_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};
	struct label label = {.linux_there = true};

	(void)path;
	(void)err;
	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t n;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (key_at(text, &l, "label", " \t")) {
			if (label_close(&label, ret) < 0)
				return -ENOMEM;
			label.is_fallback = menu_is_fallback(text, l.begin, l.end);
		} else if (key_at(text, &l, "linux", " \t") || key_at(text, &l, "kernel", " \t")) {
			/* c32 modules and boot sectors take no kernel parameters. */
			label.linux_there = l.end - l.begin < 4 ||
					    (strncasecmp(text + l.end - 4, ".c32", 4) != 0 &&
						    strncasecmp(text + l.end - 4, ".bin", 4) != 0);
			label.is_fallback |= menu_is_fallback(text, l.begin, l.end);
		} else if (key_at(text, &l, "initrd", " \t")) {
			label.is_fallback |= menu_is_fallback(text, l.begin, l.end);
		} else if ((n = key_at(text, &l, "append", " \t")) > 0) {
			label.begin = l.begin + n;
			while (label.begin < l.end && kcmdline_is_blank(text[label.begin]))
				label.begin++;
			label.end = l.end;
			/* `APPEND -` is an empty command line. */
			if (label.end - label.begin == 1 && text[label.begin] == '-')
				label.end = 0;
		}
	}
	return label_close(&label, ret);
}

int extlinux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, extlinux_scan, r, err);
}

/* Finds the end of the quotes that open at text[at]; `""` inside is one quote. False: no end. */
static bool quoted_end(const char *text, size_t at, size_t end, size_t *ret)
{
	for (at++; at < end; at++) {
		if (text[at] != '"')
			continue;
		if (at + 1 < end && text[at + 1] == '"') {
			at++;
			continue;
		}
		*ret = at;
		return true;
	}
	return false;
}

static int refind_error(const char *path, const struct menu_line *l, struct err *err)
{
	return err_set(err, EINVAL,
		"%s:%zu: the options are not in double quotes, so only the first word counts; put them in quotes first",
		path, l->number);
}

/* refind_linux.conf: "title" "options", the first line is the default (rEFInd, refind/config.c). */
static int refind_linux_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};

	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t title_end;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (text[l.begin] != '"' || !quoted_end(text, l.begin, l.end, &title_end))
			return refind_error(path, &l, err);
		size_t options = title_end + 1, end;
		while (options < l.end && strchr(" \t=,", text[options]))
			options++;
		if (options == l.end)
			continue;
		if (text[options] != '"' || !quoted_end(text, options, l.end, &end))
			return refind_error(path, &l, err);
		if (ret->n > 0 && menu_is_fallback(text, l.begin, title_end))
			continue;
		if (menu_value_add(ret, options + 1, end, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

int refind_linux_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, refind_linux_scan, r, err);
}

/* refind.conf: `options "…"` in a menuentry that starts Linux: one whose options contain root=. */
static int refind_conf_scan(
	const char *path, const char *text, size_t len, struct menu_values *ret, struct err *err)
{
	struct menu_line l = {0};
	bool inside = false, is_fallback = false;

	for (size_t at = 0; menu_line_next(text, len, &at, &l);) {
		size_t n, end;
		if (l.begin == l.end || text[l.begin] == '#')
			continue;
		if (key_at(text, &l, "menuentry", " \t\"")) {
			inside = true;
			is_fallback = menu_is_fallback(text, l.begin, l.end);
		}
		if (text[l.begin] == '}')
			inside = false;
		n = key_at(text, &l, "options", " \t\"=");
		if (n == 0 || !inside || is_fallback)
			continue;
		size_t options = l.begin + n;
		while (options < l.end && strchr(" \t=,", text[options]))
			options++;
		if (options == l.end || !memmem(text + options, l.end - options, "root=", 5))
			continue;
		if (text[options] != '"' || !quoted_end(text, options, l.end, &end))
			return refind_error(path, &l, err);
		if (menu_value_add(ret, options + 1, end, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

int refind_conf_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	(void)f;
	return menu_edit(s, refind_conf_scan, r, err);
}
