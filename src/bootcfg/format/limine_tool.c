/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/limine_tool.h"

#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One `KERNEL_CMDLINE[name]+=value`: ranges of the text, the value without its quotes. */
struct setting {
	size_t name, name_len, begin, end;
	bool append;
	char quote; /* around the value, or 0 */
};

static size_t blanks_skip(const char *text, size_t at, size_t end)
{
	while (at < end && kcmdline_is_blank(text[at]))
		at++;
	return at;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static void value_find(const char *text, size_t at, size_t end, struct setting *s)
{
	at = blanks_skip(text, at, end);
	while (end > at && kcmdline_is_blank(text[end - 1]))
		end--;
	s->quote = end - at >= 2 && is_quote(text[at]) && text[at] == text[end - 1] ? text[at] : 0;
	s->begin = at + (s->quote != 0);
	s->end = end - (s->quote != 0);
}

/* Reads the line text[at, end); false if it sets no command line. */
static bool setting_read(const char *text, size_t at, size_t end, struct setting *ret)
{
	static const char key[] = "KERNEL_CMDLINE[";

	at = blanks_skip(text, at, end);
	if (end - at < sizeof(key) - 1 || memcmp(text + at, key, sizeof(key) - 1) != 0)
		return false;
	at += sizeof(key) - 1;
	const char *close = memchr(text + at, ']', end - at);
	if (!close)
		return false;
	*ret = (struct setting){.name = at, .name_len = (size_t)(close - text) - at};
	if (ret->name_len >= 2 && is_quote(text[at]) && text[at] == close[-1]) {
		ret->name++;
		ret->name_len -= 2;
	}
	at = blanks_skip(text, (size_t)(close - text) + 1, end);
	ret->append = at < end && text[at] == '+';
	at += ret->append;
	if (at >= end || text[at] != '=')
		return false;
	value_find(text, at + 1, end, ret);
	return true;
}

/* The next one at or after *at; false at the end. */
static bool setting_next(const char *text, size_t len, size_t *at, struct setting *ret)
{
	while (*at < len) {
		const char *nl = memchr(text + *at, '\n', len - *at);
		size_t begin = *at, end = nl ? (size_t)(nl - text) : len;
		*at = nl ? end + 1 : len;
		if (setting_read(text, begin, end, ret))
			return true;
	}
	return false;
}

bool limine_tool_sets(const char *text, size_t len, const char *kernel)
{
	struct setting s;

	for (size_t at = 0; setting_next(text, len, &at, &s);)
		if (!kernel || (strlen(kernel) == s.name_len &&
				       memcmp(text + s.name, kernel, s.name_len) == 0))
			return true;
	return false;
}

/* ---- the lines ---------------------------------------------------------------------------------
 */

/* The command line of one kernel. */
struct kernel_line {
	char *name;
	struct tokens words;
};
struct kernel_lines {
	struct kernel_line *v;
	size_t n;
};

static void kernel_lines_done(struct kernel_lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		tokens_done(&l->v[i].words);
	}
	free(l->v);
	*l = (struct kernel_lines){0};
}

static struct kernel_line *line_of(struct kernel_lines *to, const char *name, size_t len)
{
	for (size_t i = 0; i < to->n; i++)
		if (strlen(to->v[i].name) == len && memcmp(to->v[i].name, name, len) == 0)
			return &to->v[i];
	struct kernel_line *v = realloc(to->v, (to->n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	to->v = v;
	v[to->n] = (struct kernel_line){.name = strndup(name, len)};
	return v[to->n].name ? &v[to->n++] : NULL;
}

/* How text is written at a place: the quote around it, or none. */
enum context { BARE, DOUBLE, SINGLE };

static int setting_add(
	struct kernel_line *to, const char *text, const struct setting *s, uint16_t file)
{
	uint8_t context = s->quote == '"' ? DOUBLE : s->quote == '\'' ? SINGLE : BARE;
	int rc = 0;

	if (!s->append)
		tokens_done(&to->words);
	struct segment *f = tokens_segment(&to->words);
	if (!f)
		return -ENOMEM;
	f->at = s->begin;
	f->file = file;
	f->context = context;
	for (size_t i = s->begin; i < s->end && rc == 0; i++) {
		const struct src_byte c = {.c = text[i],
			.context = context,
			.out_context = context,
			.file = file,
			.begin = i,
			.end = i + 1,
			.out = i + 1};
		rc = segment_add(f, &c);
	}
	to->words.insert_at = to->words.fields - 1;
	return rc;
}

static int lines_read(const struct file_edits *s, struct kernel_lines *ret, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		struct setting x;
		size_t len;
		const char *text = file_edit_text(&s->v[i], &len);
		if (memchr(text, '\0', len))
			return err_set(err, EINVAL, "%s: contains a NUL byte", s->v[i].name);
		for (size_t at = 0; setting_next(text, len, &at, &x);) {
			struct kernel_line *l = line_of(ret, text + x.name, x.name_len);
			if (!l || setting_add(l, text, &x, (uint16_t)i) < 0)
				return err_set(err, ENOMEM, "out of memory");
		}
	}
	for (size_t i = 0; i < ret->n; i++) {
		struct err reason = {0};
		int rc = tokens_split(&ret->v[i].words, &reason);
		if (rc < 0)
			return err_set(err, -rc, "%s: KERNEL_CMDLINE[%.40s]: %.300s",
				s->v[s->n - 1].name, ret->v[i].name, reason.text);
	}
	return 0;
}

/* ---- editor ------------------------------------------------------------------------------------
 */

static int encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	static const char *const bad[] = {[BARE] = "\"'", [DOUBLE] = "\"", [SINGLE] = "'"};

	if (strpbrk(text, bad[context]))
		return err_set(err, EINVAL,
			"%s: limine-entry-tool would not read these quotes as part of the word",
			text);
	return plain_encode(context, text, dialect, ret, err);
}

/* Puts our own file before the last one, if it is not there: *ret is its place. */
static int drop_in_find(struct file_edits *s, const char *path, size_t *ret)
{
	for (*ret = 0; *ret < s->n; (*ret)++)
		if (str_equal(s->v[*ret].path, path))
			return 0;
	if (file_edits_add(s, path, NULL, 0) < 0)
		return -ENOMEM;
	struct file_edit own = s->v[s->n - 1];
	s->v[s->n - 1] = s->v[s->n - 2];
	s->v[s->n - 2] = own;
	*ret = s->n - 2;
	return 0;
}

/* Adds `KERNEL_CMDLINE[name]+=" words"` at the end of the file for new lines. */
static int words_append_line(struct file_edits *s, size_t home, const char *name,
	const struct edit *c, struct splices *p, struct err *err)
{
	_cleanup_(text_done) struct text line = {0};
	size_t len;
	const char *text = file_edit_text(&s->v[home], &len);

	text_print(&line, "%sKERNEL_CMDLINE[%s]+=\"", len > 0 && text[len - 1] != '\n' ? "\n" : "",
		name);
	for (size_t i = 0; i < c->append.n; i++) {
		text_print(&line, " ");
		int rc = encode(DOUBLE, c->append.v[i], DIALECT_KERNEL, &line, err);
		if (rc < 0)
			return rc;
	}
	text_print(&line, "\"\n");
	return line.failed ? -ENOMEM : splices_add(p, (uint16_t)home, len, len, line.data);
}

/* home: the file for new lines; own: all new words go there. */
struct home {
	size_t file;
	bool own;
};

static int line_change(struct file_edits *s, const struct home *home, const struct kernel_line *l,
	const struct edit *c, struct splices *p, struct err *err)
{
	const struct segment *last = &l->words.field[l->words.insert_at];
	struct edit rest = *c;
	size_t before = p->n;
	int rc = 0;

	if (c->append.n > 0 && (s->v[last->file].owner == OWNER_PACKAGE ||
				       (home->own && last->file != home->file))) {
		rc = words_append_line(s, home->file, l->name, c, p, err);
		rest.append = (struct strings){0};
	}
	if (rc == 0 && !edit_empty(&rest))
		rc = edit_splice(&l->words, &rest, encode, p, err);
	for (size_t i = before; i < p->n && rc == 0; i++)
		if (s->v[p->v[i].file].owner == OWNER_PACKAGE)
			rc = err_set(err, EINVAL,
				"%s: is a file of a package; write the whole line of KERNEL_CMDLINE[%s] to %s first",
				s->v[p->v[i].file].name, l->name, s->v[s->n - 1].name);
	return rc;
}

static int line_decide(struct file_edits *s, const struct home *home, struct kernel_line *l,
	const struct karg_ops *r, struct splices *p, struct strings *expect, struct err *err)
{
	_cleanup_(edit_done) struct edit c = {0};

	int rc = line_before(s, &l->words);
	if (rc == 0 && r->n == 0)
		return 0;
	(void)edit_place(&l->words, r);
	if (rc == 0)
		rc = edit_decide(&l->words, r, &c, err);
	if (rc == 0)
		rc = edit_expect(&l->words, &c, expect);
	if (rc < 0 || edit_empty(&c))
		return rc;
	rc = line_change(s, home, l, &c, p, err);
	return rc < 0 ? rc : file_edits_report(s, &l->words, &c);
}

/* The words of all kernels in turn, and of those that are edited. */
static int words_all(const struct kernel_lines *l, struct strings *all, struct strings *edited)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		rc = line_words(&l->v[i].words, all);
		if (rc == 0 && edited && !entry_is_way_back(l->v[i].name))
			rc = line_words(&l->v[i].words, edited);
	}
	return rc;
}

static int root_note(struct file_edits *s, const struct kernel_line *l)
{
	struct text t = {0};

	for (size_t i = 0; i < l->words.words; i++)
		if (str_starts(l->words.word[i].text, "root="))
			return 0;
	text_print(&t,
		"KERNEL_CMDLINE[%s] has no root= and takes the place of /etc/kernel/cmdline: an entry made from it may not boot",
		l->name);
	return strings_take(&s->notes, t.data);
}

static int edit_verify(struct file_edits *s, const struct strings *expect, struct err *err)
{
	_cleanup_(kernel_lines_done) struct kernel_lines l = {0};
	_cleanup_(strings_done) struct strings all = {0};

	int rc = lines_read(s, &l, err);
	if (rc < 0)
		return rc;
	if (words_all(&l, &all, &s->after) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return kargs_same(&all, expect) ? 0
					: err_set(err, EINVAL, "%s: can't be edited with certainty",
						  s->v[s->n - 1].name);
}

/* Reads the line of one kernel: its own, else the default. */
static int kernel_read(
	struct file_edits *s, const struct kernel_lines *l, const char *kernel, struct err *err)
{
	const struct kernel_line *found = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (str_equal(l->v[i].name, kernel) ||
			(!found && str_equal(l->v[i].name, "default")))
			found = &l->v[i];
	return found && line_before(s, &found->words) < 0 ? err_set(err, ENOMEM, "out of memory")
							  : 0;
}

int limine_tool_edit(
	struct file_edits *s, const struct format *f, const struct karg_ops *r, struct err *err)
{
	_cleanup_(kernel_lines_done) struct kernel_lines l = {0};
	_cleanup_(splices_done) struct splices p = {0};
	_cleanup_(strings_done) struct strings expect = {0};
	struct err reason = {0};

	struct home home = {.own = f->to_drop_in && r->n > 0};

	if (home.own && drop_in_find(s, f->drop_in, &home.file) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!home.own)
		home.file = s->n - 1;
	int rc = lines_read(s, &l, err);
	if (rc < 0 || f->kernel)
		return rc < 0 ? rc : kernel_read(s, &l, f->kernel, err);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		if (entry_is_way_back(l.v[i].name))
			rc = line_words(&l.v[i].words, &expect);
		else
			rc = line_decide(s, &home, &l.v[i], r, &p, &expect, &reason);
		if (rc == 0)
			rc = root_note(s, &l.v[i]);
	}
	if (rc == -ENOMEM || (rc == 0 && file_edits_apply(s, &p) < 0))
		return err_set(err, ENOMEM, "out of memory");
	if (rc < 0)
		return err_set(err, -rc, "%s: %.400s", s->v[s->n - 1].name, reason.text);
	return p.n > 0 ? edit_verify(s, &expect, err) : 0;
}
