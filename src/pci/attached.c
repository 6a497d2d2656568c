/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/attached.h"

#include <errno.h>
#include <stdlib.h>

/* More than the largest machine has; what a tree claims beyond it is not kept. */
#define ATTACHED_MAX 65536

int attached_add(struct attached_list *list, const struct attached *b)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		struct attached *at = size <= ATTACHED_MAX
					      ? reallocarray(list->at, size, sizeof(*at))
					      : NULL;
		if (!at)
			return -ENOMEM;
		list->at = at;
		list->size = size;
	}
	list->at[list->n++] = *b;
	return 0;
}

void attached_done(struct attached *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(at[i].uses);
	free(at);
}
