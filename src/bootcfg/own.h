/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_OWN_H
#define BOOTCFG_OWN_H

#include "bootcfg/commands.h"
#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/*
 * The files of boot entries of our own (loader/own_entries.h) where no generator of the system
 * makes them: they follow from the list and from the entries of each kernel, as from a generator.
 * So a change has the list alone, and they are made after it, and after its undo.
 */
struct own_plan {
	struct file_edits files; /* as they are, and as they have to be */
	struct strings stale;    /* those that nothing wants any more */
	struct strings cut;      /* those beside which an interrupted run may have left a new one */
};
void own_plan_done(struct own_plan *p);

/* Writes nothing. loader: --boot-loader, or NULL. *ret is to be emptied in each case. */
int own_plan_make(const struct root *r, const char *loader, struct own_plan *ret,
	struct err *err) _must_check_;
bool own_plan_is_empty(const struct own_plan *p);

/* Makes and removes them; adds the paths of the new ones to *created, unless that is NULL. */
int own_sync(const struct root *r, const char *loader, struct strings *created,
	struct err *err) _must_check_;

/* True if there is a list. */
bool own_is_used(const struct root *r);

/* --refresh: for the hooks of what installs kernels. Nothing without a list and without files. */
enum cmd_result cmd_refresh(const struct args *a, const struct root *r, struct err *err);

#endif
