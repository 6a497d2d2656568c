/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* A list of texts that it owns: words, paths, names. Zero-initialised is empty. */
struct strings {
	char **v;
	size_t n, size;
};
void strings_done(struct strings *s);
/* Add a copy, or take over text, which is freed on failure. 0 or -ENOMEM. */
int strings_add(struct strings *s, const char *text) _must_check_;
int strings_take(struct strings *s, char *text) _must_check_;
int strings_print(struct strings *s, const char *fmt, ...) _must_check_ _printf_(2, 3);
/* Adds a copy, unless the list has it. 0 or -ENOMEM, with a text. */
int strings_add_unique(struct strings *s, const char *text, struct err *err) _must_check_;
bool strings_have(const struct strings *s, const char *text);

#endif
