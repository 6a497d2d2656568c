/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_H
#define BOOTCFG_KARGS_KARG_H

#include "base/err.h"
#include "shared/strings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One word of the kernel command line, read as the kernel reads it (lib/cmdline.c next_arg,
 * kernel/params.c): blanks are isspace(), only `"` quotes, there is no escape, the first `=`
 * splits,
 * `-` and `_` are the same in names.
 */
struct karg {
	char *name;  /* allocated */
	char *value; /* allocated, NULL: a flag without `=` */
};

bool karg_blank(char c);

/* Decodes one word, quotes and all. -ENOMEM only. */
int karg_read(const char *word, struct karg *ret) _must_check_;
void karg_done(struct karg *w);

/* Names that are the same parameter to the kernel. */
bool karg_same_name(const char *a, const char *b);

/* Words that say the same: same name, same value once the quotes are gone. */
bool karg_equal(const struct karg *a, const struct karg *b);

/* The next item of a comma list: *item is set to its start, its length is returned, *list moves
 * behind it and becomes NULL at the end. */
size_t karg_list_next(const char **list, const char **item);

/* Whether item stands in the list. Case does not count: ids are hexadecimal. */
bool karg_list_has(const char *list, const char *item, size_t item_len);

/* The end of the first word of s (quotes may hold blanks); s has no leading blank. */
const char *karg_end(const char *s);

/*
 * A word that a person gave us: not empty, a name, no control character, not the bare `--` that
 * ends the kernel's part, quotes in pairs, no leading `#`. -EINVAL with the reason.
 */
int karg_check(const char *word, struct err *err) _must_check_;

/* Word by word what the kernel takes for the same. */
bool kargs_same(const struct strings *a, const struct strings *b);

#endif
