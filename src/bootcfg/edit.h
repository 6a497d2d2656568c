/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_EDIT_H
#define BOOTCFG_EDIT_H

#include "bootcfg/journal.h"
#include "bootcfg/places.h"
#include "bootcfg/root.h"
#include "bootcfg/source.h"

#include <stdio.h>

/* Everything an edit would do: for each place its files, before and after. Nothing is written. */
struct plan {
	struct sources *set; /* one for each place, in the order they are written */
	size_t n;
	struct strings notes; /* what a person should know about the words */
};

/* Reads every place and edits it in memory. All or nothing: one refusal is the plan's. */
int plan_make(const struct root *r, const struct loaders *l, const struct request *req,
	struct plan *ret, struct err *err) _must_check_;
void plan_done(struct plan *p);

/* One place alone. *ret is to be emptied in each case. */
int plan_place(const struct root *r, const struct place *place, const struct request *req,
	struct sources *ret, struct err *err) _must_check_;

bool plan_is_empty(const struct plan *p);

/* A unified diff of all files, as patch -p1 in the root directory takes it. */
void plan_print_diff(const struct plan *p, FILE *f);

/* One line a file: `changed  /etc/default/grub  +iommu=pt`. */
void plan_print(const struct plan *p, FILE *f);

/* Writes all of it, through the journal. */
int plan_commit(const struct root *r, const struct plan *p, const char *what, unsigned *ret_id,
	struct err *err) _must_check_;

/* One file's unified diff with three lines of context; old NULL: the file is new. */
void diff_print(
	const char *path, const char *old, size_t old_len, const char *text, size_t len, FILE *f);

#endif
