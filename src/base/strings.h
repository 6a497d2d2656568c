/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* A list of texts that it owns: words, paths, names. Zero-initialised is empty. strings_add and
 * strings_take return 0 or -ENOMEM. */
struct strings {
	char **v;
	size_t n;
};
void strings_done(struct strings *s);
int strings_add(struct strings *s, const char *text) _must_check_;
int strings_take(struct strings *s, char *text) _must_check_; /* takes over text; frees it on
							       * failure */
bool strings_have(const struct strings *s, const char *text);

#endif
