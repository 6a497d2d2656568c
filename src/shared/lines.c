/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/lines.h"

#include <stdlib.h>
#include <string.h>

struct lines lines_of(const char *text, size_t len)
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

void lines_done(struct lines *l)
{
	free(l->at);
	*l = (struct lines){0};
}

bool lines_same(const struct lines *a, size_t i, const struct lines *b, size_t k)
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

size_t lines_compare(const struct lines *a, const struct lines *b, struct hunk *to, size_t max)
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
