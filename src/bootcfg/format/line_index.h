/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_LINE_INDEX_H
#define BOOTCFG_FORMAT_LINE_INDEX_H

#include "base/str.h"

#include <stddef.h>

/* Where each line of a text begins, for many questions about one text. */
struct line_index {
	size_t *begin;
	size_t n;
};
/* -ENOMEM. An empty text has one line. */
int line_index_make(struct line_index *x, const char *text, size_t len) _must_check_;
void line_index_done(struct line_index *x);

/* The number of the line that text[at] is in, from 1. */
size_t line_index_of(const struct line_index *x, size_t at);

#endif
