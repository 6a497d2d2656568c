/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/behind.h"

#include <errno.h>
#include <stdlib.h>

/* More than the largest machine has; what a tree claims beyond it is not kept. */
#define BEHIND_MAX 65536

int behind_add(struct behind_list *list, const struct behind *b)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		struct behind *at = size <= BEHIND_MAX ? reallocarray(list->at, size, sizeof(*at))
						       : NULL;
		if (!at)
			return -ENOMEM;
		list->at = at;
		list->size = size;
	}
	list->at[list->n++] = *b;
	return 0;
}

void behind_done(struct behind *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(at[i].uses);
	free(at);
}
