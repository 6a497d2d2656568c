/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_EDIT_SET_H
#define BOOTCFG_EDIT_SET_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/journal.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

#include <stdio.h>

/* Everything an edit would do: for each place its files, before and after. Nothing is written. */
struct edit_set {
	struct file_edits *set; /* one for each place, in the order they are written */
	size_t n;
	struct strings notes; /* what a person should know about the words */
};

/* Reads every place and edits it in memory. All or nothing: one refusal is the plan's. */
int edit_set_make(const struct root *r, const struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err) _must_check_;
void edit_set_done(struct edit_set *p);

/* One place alone. *ret is to be emptied in each case. */
int edit_set_find(const struct root *r, const struct karg_source *place, const struct karg_ops *req,
	struct file_edits *ret, struct err *err) _must_check_;

bool edit_set_is_empty(const struct edit_set *p);

/* A unified diff of all files, as patch -p1 in the root directory takes it. */
void edit_set_print_diff(const struct edit_set *p, FILE *f);

/* One line a file: `changed  /etc/default/grub  +iommu=pt`. */
void edit_set_print(const struct edit_set *p, FILE *f);

/* Writes all of it, through the journal. */
int edit_set_commit(const struct root *r, const struct edit_set *p, const char *what,
	unsigned *ret_id, struct err *err) _must_check_;

/* One file's unified diff with three lines of context; old NULL: the file is new. */
void diff_print(
	const char *path, const char *old, size_t old_len, const char *text, size_t len, FILE *f);

#endif
