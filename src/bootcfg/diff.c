/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/diff.h"

#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ----------------------------------------------------------------------------------- */

/* A text as lines: pointers to their starts, and one more for the end. at is NULL if out of
 * memory. */
struct lines {
	const char **at;
	size_t n;
};

/* A range of lines that differ: [a, a_end) became [b, b_end). */
struct hunk {
	size_t a, a_end, b, b_end;
};

static struct lines lines_of(const char *text, size_t len)
{
	struct lines l = {0};
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	l.at = calloc(n + 1, sizeof(*l.at));
	if (!l.at)
		return l;
	for (size_t i = 0; i < len;) {
		const char *nl = memchr(text + i, '\n', len - i);
		l.at[l.n++] = text + i;
		i = nl ? (size_t)(nl - text) + 1 : len;
	}
	l.at[l.n] = text + len;
	return l;
}

static void lines_done(struct lines *l)
{
	free(l->at);
	*l = (struct lines){0};
}

static bool lines_same(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
	size_t len = (size_t)(a->at[i + 1] - a->at[i]);
	return len == (size_t)(b->at[k + 1] - b->at[k]) && memcmp(a->at[i], b->at[k], len) == 0;
}

/* Finds the next line of old that is also in new; the nearest first. */
static void resync(
	const struct lines *a, size_t i, const struct lines *b, size_t k, size_t *di, size_t *dk)
{
	for (size_t sum = 1; sum <= a->n - i + b->n - k; sum++) {
		for (size_t x = 0; x <= sum; x++) {
			if (i + x > a->n || k + sum - x > b->n)
				continue;
			bool ends = i + x == a->n && k + sum - x == b->n;
			if (ends || (i + x < a->n && k + sum - x < b->n &&
					    lines_same(a, i + x, b, k + sum - x))) {
				*di = x;
				*dk = sum - x;
				return;
			}
		}
	}
	*di = a->n - i;
	*dk = b->n - k;
}

/* The ranges that differ, in order; at most max. Returns their number. */
static size_t lines_compare(
	const struct lines *a, const struct lines *b, struct hunk *to, size_t max)
{
	size_t n = 0, i = 0, k = 0;

	while ((i < a->n || k < b->n) && n < max) {
		if (i < a->n && k < b->n && lines_same(a, i, b, k)) {
			i++;
			k++;
			continue;
		}
		size_t di = 0, dk = 0;
		resync(a, i, b, k, &di, &dk);
		to[n++] = (struct hunk){i, i + di, k, k + dk};
		i += di;
		k += dk;
	}
	return n;
}

/* ---- printed -----------------------------------------------------------------------------------
 */

#define CONTEXT 3

static void line_put(char mark, const struct lines *l, size_t i, FILE *f)
{
	size_t len = (size_t)(l->at[i + 1] - l->at[i]);

	putc(mark, f);
	fwrite(l->at[i], 1, len, f);
	if (len == 0 || l->at[i][len - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", f);
}

static void range_put(char mark, size_t first, size_t count, FILE *f)
{
	/* An empty range has the number of the line before it. */
	fprintf(f, "%c%zu", mark, count == 0 ? first : first + 1);
	if (count != 1)
		fprintf(f, ",%zu", count);
}

/* Prints hunks that are close enough to share one block. */
static void block_put(
	const struct lines *a, const struct lines *b, const struct hunk *h, size_t n, FILE *f)
{
	size_t begin = h[0].a > CONTEXT ? h[0].a - CONTEXT : 0;
	size_t end = h[n - 1].a_end + CONTEXT < a->n ? h[n - 1].a_end + CONTEXT : a->n;
	size_t b_begin = h[0].b - (h[0].a - begin), b_end = h[n - 1].b_end + (end - h[n - 1].a_end);

	fputs("@@ ", f);
	range_put('-', begin, end - begin, f);
	putc(' ', f);
	range_put('+', b_begin, b_end - b_begin, f);
	fputs(" @@\n", f);
	for (size_t i = begin, at = 0; at <= n; at++) {
		for (size_t stop = at < n ? h[at].a : end; i < stop; i++)
			line_put(' ', a, i, f);
		if (at == n)
			break;
		for (; i < h[at].a_end; i++)
			line_put('-', a, i, f);
		for (size_t k = h[at].b; k < h[at].b_end; k++)
			line_put('+', b, k, f);
	}
}

void diff_print(
	const char *path, const char *old, size_t old_len, const char *text, size_t len, FILE *f)
{
	struct lines a = lines_of(old ? old : "", old ? old_len : 0), b = lines_of(text, len);
	struct hunk *h = calloc(a.n + b.n + 1, sizeof(*h));

	if (a.at && b.at && h) {
		size_t n = lines_compare(&a, &b, h, a.n + b.n + 1);
		fprintf(f, "--- %s%s\n+++ b/%s\n", old ? "a/" : "/dev/null", old ? path : "", path);
		for (size_t i = 0; i < n;) {
			size_t k = i + 1;
			while (k < n && h[k].a - h[k - 1].a_end <= 2 * (size_t)CONTEXT)
				k++;
			block_put(&a, &b, h + i, k - i, f);
			i = k;
		}
	}
	free(h);
	lines_done(&a);
	lines_done(&b);
}

/* ---- undone ------------------------------------------------------------------------------------
 */

/* The only position in `now` of lines [from, to) of text in a row; SIZE_MAX: none, or two. */
static size_t block_find(const struct lines *now, const struct lines *text, size_t from, size_t to)
{
	size_t found = SIZE_MAX;

	for (size_t at = 0; at + (to - from) <= now->n; at++) {
		size_t n = 0;
		while (from + n < to && lines_same(now, at + n, text, from + n))
			n++;
		if (from + n < to)
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = at;
	}
	return found;
}

static void lines_add(struct text *to, const struct lines *l, size_t from, size_t end)
{
	text_add(to, l->at[from], (size_t)(l->at[end] - l->at[from]));
}

/* Finds the new lines of one hunk in `now`; a hunk without new lines is found by its neighbours. */
static bool hunk_place(const struct lines *now, const struct lines *text, const struct hunk *h,
	size_t *ret_at, size_t *ret_skip)
{
	size_t from = h->b, to = h->b_end;

	if (from == to) {
		from -= from > 0;
		to += to < text->n;
	}
	*ret_at = from < to ? block_find(now, text, from, to) : SIZE_MAX;
	*ret_skip = h->b - from;
	return *ret_at != SIZE_MAX;
}

static int hunks_turn_back(const struct lines *old, const struct lines *text,
	const struct lines *now, const struct hunk *h, size_t n, struct text *ret)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at, skip;
		if (!hunk_place(now, text, &h[i], &at, &skip) || at + skip < done)
			return 0;
		lines_add(ret, now, done, at + skip);
		lines_add(ret, old, h[i].a, h[i].a_end);
		done = at + skip + (h[i].b_end - h[i].b);
	}
	lines_add(ret, now, done, now->n);
	return ret->failed ? -ENOMEM : 1;
}

/*
 * The pure half: `now` without the change from `old` to `text`, line by line. 1: done; 0: the lines
 * are not there any more, or not once.
 */
static int diff3_lines(
	const struct journal_file *change, const char *now, size_t now_len, struct text *ret)
{
	_cleanup_(lines_done) struct lines old = lines_of(change->old, change->old_len);
	_cleanup_(lines_done) struct lines text = lines_of(change->text, change->len);
	_cleanup_(lines_done) struct lines here = lines_of(now, now_len);
	struct hunk *h = calloc(old.n + text.n + 1, sizeof(*h));
	int rc = -ENOMEM;

	if (h && old.at && text.at && here.at) {
		size_t n = lines_compare(&old, &text, h, old.n + text.n + 1);
		rc = hunks_turn_back(&old, &text, &here, h, n, ret);
	}
	free(h);
	return rc;
}

/* Removes what was added, adds what was removed; a parameter that is both was only moved. */
static int karg_ops_make(const struct journal_words *w, struct karg_ops *to, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < w->added->n && rc == 0; i++)
		if (!strings_have(w->removed, w->added->v[i]))
			rc = karg_ops_remove(to, w->added->v[i], err);
	for (size_t i = 0; i < w->removed->n && rc == 0; i++)
		if (!strings_have(w->added, w->removed->v[i]))
			rc = karg_ops_add(to, w->removed->v[i], err);
	return rc;
}

static const struct karg_source *source_find(const struct loaders *l, const char *path)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (strings_have(&l->sources[i].paths, path))
			return &l->sources[i];
	return NULL;
}

static bool any_there(const struct strings *words, const struct strings *line)
{
	for (size_t i = 0; i < words->n; i++)
		if (strings_have(line, words->v[i]))
			return true;
	return false;
}

/* Takes the text of this file; -EBUSY if another file of the same source would have to change. */
static int text_take(struct file_edits *s, const char *path, struct text *ret, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t len;
		const char *text = file_edit_text(&s->v[i], &len);
		if (str_equal(s->v[i].path, path))
			text_add(ret, text, len);
		else if (s->v[i].text)
			return err_set(err, EBUSY, "its words are in %s now", s->v[i].name);
	}
	return ret->failed ? -ENOMEM : 0;
}

static int diff3_words(
	const struct diff3 *t, const struct journal_words *w, struct text *ret, struct err *err)
{
	_cleanup_(karg_ops_done) struct karg_ops req = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(file_edits_done) struct file_edits s = {0};
	const struct karg_ops nothing = {0};
	struct loaders_options lo = {.loader = t->loader, .entry = "all", .request = &req};

	int rc = karg_ops_make(w, &req, err);
	if (rc == 0)
		rc = loaders_find(t->root, &lo, &l, err);
	if (rc < 0)
		return rc;
	const struct karg_source *source = source_find(&l, w->file->path);
	if (!source)
		return err_set(err, EBUSY, "and it is not a source of kernel parameters any more");
	rc = karg_source_edit(t->root, source, &nothing, &s, err);
	if (rc < 0)
		return rc;
	bool gone = w->added->n > 0 && !any_there(w->added, &s.before);
	file_edits_done(&s);
	/* A file that another tool wrote anew has none of the added parameters: it stays. */
	rc = karg_source_edit(t->root, source, gone ? &nothing : &req, &s, err);
	return rc < 0 ? rc : text_take(&s, w->file->path, ret, err);
}

static bool holds(const char *text, size_t len, const char *part, size_t part_len)
{
	return text && memmem(text, len, part, part_len) != NULL;
}

/*
 * A change without parameters: it added lines. True if something that it brought into the file is
 * there still, in another line than it wrote.
 */
static bool is_left(const struct journal_file *f, const char *now, size_t now_len)
{
	static const char between[] = " \t\r\n\"'=";

	for (const char *p = f->text, *end = f->text + f->len; p < end;) {
		size_t n = strcspn(p, between);
		if (n > 0 && !holds(f->old, f->old_len, p, n) && holds(now, now_len, p, n))
			return true;
		p += n > 0 ? n : 1;
	}
	return false;
}

int diff3_file(void *with, const struct journal_words *change, const char *now, size_t now_len,
	char **ret, size_t *ret_len, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};
	int rc = diff3_lines(change->file, now, now_len, &text);

	if (rc == 0) {
		text_done(&text);
		if (change->file->old && change->added->n == 0 && change->removed->n == 0 &&
			is_left(change->file, now, now_len))
			return err_set(err, EBUSY,
				"can't tell what of it is left: take it out by hand, then run this again");
		rc = diff3_words(with, change, &text, err);
	}
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EBUSY;
	*ret = text.data ? text.data : strdup("");
	*ret_len = text.len;
	text = (struct text){0};
	return *ret ? 0 : -ENOMEM;
}
