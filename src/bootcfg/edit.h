/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_EDIT_H
#define BOOTCFG_EDIT_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/journal.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

#include <stdio.h>

/* Everything an edit would do: the files of each source, before and after. Nothing is written. */
struct edit_set {
	struct file_edits *set; /* one for each source, in the order they are written */
	size_t n;
	struct strings notes; /* messages for the user */
};

/* Reads every source and edits it in memory. One refusal refuses the whole edit. */
int edit_set_make(const struct root *r, const struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err) _must_check_;
void edit_set_done(struct edit_set *p);

bool edit_set_is_empty(const struct edit_set *p);

/* The added and the removed parameters of all sources, once each. */
int edit_set_added(const struct edit_set *p, struct strings *ret) _must_check_;
int edit_set_removed(const struct edit_set *p, struct strings *ret) _must_check_;

/* Writes all files, through the journal, which is created if *j is closed. */
int edit_set_commit(struct journal *j, const struct root *r, const struct edit_set *p,
	const char *what, unsigned *ret_id, struct err *err) _must_check_;

#endif
