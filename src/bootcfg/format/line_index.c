/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/line_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int line_index_make(struct line_index *x, const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	*x = (struct line_index){.begin = calloc(n, sizeof(*x->begin)), .n = 1};
	if (!x->begin)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			x->begin[x->n++] = i + 1;
	return 0;
}

void line_index_done(struct line_index *x)
{
	free(x->begin);
	*x = (struct line_index){0};
}

size_t line_index_of(const struct line_index *x, size_t at)
{
	size_t low = 0, high = x->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (x->begin[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low + 1;
}
