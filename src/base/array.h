/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/*
 * Room for one more element: returns the array, which has n elements and room for *size. NULL
 * without memory; the array then stays as it is.
 */
void *array_grow(void *array, size_t n, size_t *size, size_t element);

#endif
