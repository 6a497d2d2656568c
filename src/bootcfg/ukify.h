/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_UKIFY_H
#define BOOTCFG_UKIFY_H

#include "bootcfg/args.h"
#include "bootcfg/format/file_edit.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/karg_sources.h"

/* Addons to unified kernel images, which ukify(1) writes. */
struct ukify_job {
	const char *ukify;             /* the program, or NULL */
	const char *line;              /* kernel parameters, without single quotes; or NULL */
	const char *key, *certificate; /* to sign it with, or NULL */
	const char *uname;             /* the kernel that it is for; NULL: any */
	const char *archive;           /* what it has as .initrd, below the root; NULL: nothing */
	const char *data;              /* of it */
	size_t len;
};

/* The program, or NULL. */
const char *ukify_find(void);

/* --key and --certificate, else those that kernel-install(8) and sbctl(8) sign with; may be none.
 */
void ukify_key_find(const struct args *a, const struct root *r, struct ukify_job *ret);

/* Why no addon can be written here that the firmware takes, or NULL. */
const char *ukify_lacks(const struct ukify_job *j, enum secure_boot secure);

/* Leaves the command to the user, with the reason: l->managed_by and by_hand. 0 or -ENOMEM. */
int ukify_leave(struct loaders *l, const struct ukify_job *j, const char *path, const char *why,
	struct err *err) _must_check_;

/* Runs it, reads back what it wrote, and adds the file at path to s, before and after. */
int ukify_file_make(const struct root *r, const char *path, const struct ukify_job *j,
	struct file_edits *s, struct err *err) _must_check_;

#endif
