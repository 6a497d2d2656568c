/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_ARGS_H
#define BOOTCFG_ARGS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/* What the command line of vfio-bootcfg says, as the table of options fills it. */
struct args {
	const char *root, *loader, *entry, *cpu, *hugepages, *isolate, *acs;
	bool iommu, no_pt, ids, framebuffer; /* words by name */
	bool status, check, undo, history, confirm;
	bool dry_run, exit_code, json, no_regen, yes, force, trial, once_fallback;
	bool quiet, verbose, help, version;
	struct strings sets;   /* --set, read last: --force may stand behind it */
	struct karg_ops words; /* --add and --remove in their order, then all the others */
};
void args_done(struct args *a);

/* Whether parameters are to be edited. */
bool args_to_edit(const struct args *a);

/* -EINVAL where verbs are missing, or do not go together; operands: words that are no options. */
int args_check(const struct args *a, int operands, char **argv, struct err *err) _must_check_;

/* For the table: takes one --add, --remove, --set. */
int args_add(void *to, const char *value, struct err *err);
int args_remove(void *to, const char *value, struct err *err);
int args_set(void *to, const char *value, struct err *err);

/*
 * Completes a->words: --set, --iommu, and the words that go by name. What a person should know
 * about them goes to notes. -EINVAL for a value that is none.
 */
int args_words(
	struct args *a, const struct root *r, struct strings *notes, struct err *err) _must_check_;

#define ASKED_TRIAL "--trial" /* how the name of a change begins that is one */

/* What the journal calls the change: the words as options. Allocated; NULL: no memory. */
char *args_name(const struct args *a);

#endif
