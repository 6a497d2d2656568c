/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/edit_set.h"
#include "shared/lines.h"

#include <stdlib.h>
#include <string.h>

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
