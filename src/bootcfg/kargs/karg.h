/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_H
#define BOOTCFG_KARGS_KARG_H

#include "base/err.h"
#include "base/kcmdline.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One word of the kernel command line, parsed as the kernel does it (lib/cmdline.c next_arg,
 * kernel/params.c): blanks are isspace(), only `"` quotes, nothing escapes, the first `=`
 * splits, `-` and `_` are the same in names.
 */
struct karg {
	char *name;  /* allocated */
	char *value; /* allocated, NULL: a flag without `=` */
};

/* Decodes one word with its quotes. -ENOMEM only. */
int karg_read(const char *word, struct karg *ret) _must_check_;
void karg_done(struct karg *w);

/* True if both names are the same parameter to the kernel. */
bool karg_same_name(const char *a, const char *b);

/* True for the same name and the same value without quotes. */
bool karg_equal(const struct karg *a, const struct karg *b);

/* The next item of a comma-separated list: *item is set to its start, its length is returned, *list
 * moves after it and becomes NULL at the end. */
size_t karg_list_next(const char **list, const char **item);

/* True if the list has the item. Case does not count: ids are hexadecimal. */
bool karg_list_has(const char *list, const char *item, size_t item_len);

/*
 * Checks a parameter from the user: not empty, a name, no control character, not the bare `--` that
 * ends the kernel's part, paired quotes, no leading `#`. -EINVAL with the reason.
 */
int karg_check(const char *word, struct err *err) _must_check_;

/* True for one parameter in two spellings: `a="b c"` and `"a=b c"`. */
bool karg_same_word(const char *a, const char *b);

/* True if all words are the same to the kernel, in order. */
bool kargs_same(const struct strings *a, const struct strings *b);

#endif
