/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_DRAFT_H
#define BOOTCFG_DRAFT_H

#include "bootcfg/kword.h"
#include "bootcfg/line.h"
#include "bootcfg/strings.h"

/*
 * A line while it is decided on: its words decoded, the appended ones behind them, and what has
 * been decided so far. Word i is one of the line's, or from line->words on one that is appended.
 * What changes it returns 0 or -ENOMEM.
 */
struct draft {
	const struct line *line; /* by reference */
	size_t kernel;           /* words before `--` */
	struct kword *k;         /* one for each word of the line, then one for each appended */
	size_t n;
	char **fate; /* a word of the line: NULL stays, "" goes, else the word it becomes */
	struct strings append;
};
int draft_begin(struct draft *ret, const struct line *l) _must_check_;
void draft_done(struct draft *d);

/* Word i of the line becomes this text; "": it goes. */
int draft_become(struct draft *d, size_t i, const char *text) _must_check_;
int draft_append(struct draft *d, const char *word) _must_check_;

/* Word i is there for the kernel after what has been decided so far. */
bool draft_stays(const struct draft *d, size_t i);

/* The last word of this name that the kernel gets; SIZE_MAX: there is none. */
size_t draft_last(const struct draft *d, const char *name);

/* Whether the kernel would do what the word says, as the line is now: by the kind of parameter
 * (kparam.h) the last one counts, or each, or each item of a list. */
bool draft_in_effect(const struct draft *d, const struct kword *k);

/* hugepages=N belongs to the hugepagesz= before it (mm/hugetlb.c): the two are one wish. */
bool draft_pair_in_effect(const struct draft *d, const struct kword *size, const struct kword *n);

#endif
