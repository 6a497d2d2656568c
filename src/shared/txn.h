/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TXN_H
#define SHARED_TXN_H

#include "shared/root.h"

#include <sys/types.h>

/*
 * Transactions with undo. A file is replaced only while it has the bytes that were read, an
 * existing one keeps its mode and owner, and the result is read back (base/replace); the old bytes
 * are kept somewhere before, and files are restored in reverse order. Where the old bytes are kept,
 * and for how long, is up to the caller: beside the file (cli/config_file), in a directory of their
 * own (bootcfg/journal).
 */

/* Where a file is replaced, all symlinks resolved. */
struct txn_place {
	int dir;
	char *name;
	char *path; /* for messages */
};
#define TXN_NOWHERE                                                                                \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/* A file of an edited system (a path without a leading slash); of the running one. The last part
 * need not exist. */
int txn_place_below(const struct root *r, const char *path, struct txn_place *ret,
	struct err *err) _must_check_;
int txn_place_host(const char *path, struct txn_place *ret, struct err *err) _must_check_;
/* The file beside it whose name has this suffix. */
int txn_place_beside(const struct txn_place *p, const char *suffix, struct txn_place *ret,
	struct err *err) _must_check_;
void txn_place_done(struct txn_place *p);

/* The content of a file; data NULL: there is no such file. By reference. */
struct txn_bytes {
	const char *data;
	size_t len;
};

/* For a file that is created. */
struct txn_owner {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* Who runs the program. */
struct txn_owner txn_owner_caller(mode_t mode);

/* Replaces, creates or removes a file that has the content `from`; -EBUSY if it has another. */
int txn_put(const struct txn_place *p, struct txn_bytes from, struct txn_bytes to,
	const struct txn_owner *created, struct err *err) _must_check_;

/* The same for an existing file of the running system; nothing is written if both are equal. */
int txn_put_host(
	const char *path, struct txn_bytes from, struct txn_bytes to, struct err *err) _must_check_;

/* The same for a file of ours, at most `max` bytes, whatever its content is. */
int txn_set(const struct txn_place *p, struct txn_bytes to, mode_t mode, size_t max,
	struct err *err) _must_check_;

/* True if the copy exists. */
bool txn_is_kept(const struct txn_place *copy);

/* Renames the copy over the file; without one, removes the file, which has the content `now`. */
int txn_restore_kept(const struct txn_place *p, const struct txn_place *copy, struct txn_bytes now,
	struct err *err) _must_check_;

/* One file of a change. NULL bytes: no file. */
struct txn_file {
	char *path; /* below the root */
	char *old;
	size_t old_len;
	char *text;
	size_t len;
	struct txn_owner owner; /* before the change, or of a file that is created */
	char *made; /* the outermost directory that is made for it, below the root; NULL: none */
};
void txn_file_done(struct txn_file *f);

/* The outermost directory of a path that is missing: allocated, or NULL. 0 or -ENOMEM. */
int txn_missing_dir(const struct root *r, const char *path, char **ret) _must_check_;

/* Removes the directories that were made for a file, if they are empty. */
void txn_dirs_remove(const struct root *r, const struct txn_file *f);

/* Writes all files, the first one first. *ret_done: how many were begun. */
int txn_write(const struct root *r, const struct txn_file *v, size_t n, size_t *ret_done,
	struct err *err) _must_check_;

/* Restores the files that have the new content, last one first; the others stay. Goes on after an
 * error. */
int txn_revert(
	const struct root *r, const struct txn_file *v, size_t n, struct err *err) _must_check_;

/* True if both contents exist and are equal. */
bool txn_same(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
