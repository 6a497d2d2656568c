/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_ARGS_H
#define BOOTCFG_ARGS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/* The command line of vfio-bootcfg, filled from the table of options. */
struct args {
	const char *root, *loader, *entry, *cpu, *isolate, *acs;
	const char *key, *certificate;       /* to sign an addon with */
	const char *initrd;                  /* an archive that entries load, too */
	const char *refresh_image;           /* an image that gets the profiles of --menu */
	bool iommu, no_pt, ids, framebuffer; /* presets of parameters */
	bool status, check, undo, history, confirm, refresh;
	bool make_default; /* the entry of its own with that archive */
	bool dry_run, exit_code, json, no_regen, yes, force, trial, once_fallback, drop_in, addon;
	bool quiet, verbose, help, version;
	struct strings sets;      /* --set, applied last: --force may follow it */
	struct strings hugepages; /* each SIZE:COUNT */
	struct strings menu;      /* names of profiles, each once */
	struct karg_ops words;    /* --add and --remove in their order, then all the others */
};
void args_done(struct args *a);

/* -EINVAL if commands are missing or exclude each other; operands: arguments without options. */
int args_check(const struct args *a, int operands, char **argv, struct err *err) _must_check_;

/* Callbacks of the option table: add one --add, --remove, --set, --hugepages, --menu. */
int args_add(void *to, const char *value, struct err *err);
int args_remove(void *to, const char *value, struct err *err);
int args_set(void *to, const char *value, struct err *err);
int args_hugepages(void *to, const char *value, struct err *err);
int args_menu(void *to, const char *value, struct err *err);

/*
 * Completes a->words: --set, --iommu and the presets. Adds messages for
 * the user to notes. -EINVAL for an invalid value.
 */
int args_words(
	struct args *a, const struct root *r, struct strings *notes, struct err *err) _must_check_;

#define ASKED_TRIAL "--trial" /* first word of the name of a trial */

/* The name of the change in the journal: the parameters as options. Allocated; NULL: no memory. */
char *args_name(const struct args *a);

#endif
