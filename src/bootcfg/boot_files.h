/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_BOOT_FILES_H
#define BOOTCFG_BOOT_FILES_H

#include "base/str.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

#include <stdint.h>

/*
 * The boot files that a generator may write (menus, entries, unified kernel images), copied into
 * the change before it runs. If it fails they are restored byte for byte; an undo restores them
 * only while they are what it made, else it has to run again.
 *
 * In the directory of the change: `boot-files`, a line each, and the bytes as `N.boot`.
 */
enum boot_file_how {
	BOOT_FILE_KEPT,    /* copied; the generator has not ended yet */
	BOOT_FILE_CHANGED, /* by the generator */
	BOOT_FILE_CREATED, /* by it: no copy */
	BOOT_FILE_REMOVED, /* by it */
};
struct boot_file_copy {
	enum boot_file_how how;
	unsigned n; /* of the copy */
	char *path; /* below the root */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t before, after; /* str_hash; before: in memory only */
};
struct boot_files {
	struct boot_file_copy *v;
	size_t n;
	bool resumed;     /* an earlier run made the copies: what else is new is not known */
	struct text rest; /* all other files in those directories, as stat(2) has them */
	bool others;      /* the generator wrote some of these, or is known to write elsewhere */
};
void boot_files_done(struct boot_files *f);

/* Adds a sentence for each file that a copy would be too large of: all images together have at most
 * 1 GiB and half of the free space in the journal. Writes nothing. */
int boot_files_unkept(const struct root *r, const struct loaders *l, struct strings *ret,
	struct err *err) _must_check_;

/* Copies them into the directory `change`, unless an earlier run did, but for those. */
int boot_files_keep(const struct root *r, const struct loaders *l, int change,
	struct boot_files *ret, struct err *err) _must_check_;

/* The generator has ended: stores what it wrote, and removes the copies of what it did not. */
int boot_files_settle(const struct root *r, const struct loaders *l, int change,
	struct boot_files *f, struct err *err) _must_check_;

/* The generator has failed: restores what it wrote, and removes what it created. f->others: it
 * wrote files that were not kept, too. */
int boot_files_restore(const struct root *r, const struct loaders *l, int change,
	struct boot_files *f, struct err *err) _must_check_;

/*
 * For an undo: restores what the generator of this change wrote, if all of it is as it left it. 1:
 * done, the paths are added to *ret; 0: nothing is restored, and the generator has to run.
 */
int boot_files_undo(
	const struct root *r, int change, struct strings *ret, struct err *err) _must_check_;

#endif
