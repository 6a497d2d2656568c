/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"

#include <stdlib.h>

void *array_grow(void *array, size_t n, size_t *size, size_t element)
{
	size_t more = *size ? *size * 2 : 16;

	if (n < *size)
		return array;
	void *grown = reallocarray(array, more, element);
	if (grown)
		*size = more;
	return grown;
}
