/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_DRAFT_H
#define BOOTCFG_DRAFT_H

#include "bootcfg/karg.h"
#include "bootcfg/strings.h"
#include "bootcfg/tokens.h"

/*
 * A line while it is decided on: its words decoded, the appended ones behind them, and what has
 * been decided so far. Word i is one of the line's, or from line->words on one that is appended.
 * What changes it returns 0 or -ENOMEM.
 */
struct edit_builder {
	const struct tokens *line; /* by reference */
	size_t kernel;             /* words before `--` */
	struct karg *k;            /* one for each word of the line, then one for each appended */
	size_t n;
	char **fate; /* a word of the line: NULL stays, "" goes, else the word it becomes */
	struct strings append;
};
int edit_builder_begin(struct edit_builder *ret, const struct tokens *l) _must_check_;
void edit_builder_done(struct edit_builder *d);

/* Word i of the line becomes this text; "": it goes. */
int edit_builder_become(struct edit_builder *d, size_t i, const char *text) _must_check_;
int edit_builder_append(struct edit_builder *d, const char *word) _must_check_;

/* Word i is there for the kernel after what has been decided so far. */
bool edit_builder_stays(const struct edit_builder *d, size_t i);

/* The last word of this name that the kernel gets; SIZE_MAX: there is none. */
size_t edit_builder_last(const struct edit_builder *d, const char *name);

/* Whether the kernel would do what the word says, as the line is now: by the kind of parameter
 * (kparam.h) the last one counts, or each, or each item of a list. */
bool edit_builder_in_effect(const struct edit_builder *d, const struct karg *k);

/* hugepages=N belongs to the hugepagesz= before it (mm/hugetlb.c): the two are one wish. */
bool edit_builder_pair_in_effect(
	const struct edit_builder *d, const struct karg *size, const struct karg *n);

#endif
