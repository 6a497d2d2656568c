/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_STORE_H
#define BOOTCFG_JOURNAL_STORE_H

#include "bootcfg/journal.h"

#include <sys/types.h>

/*
 * How changes lie on disk: JOURNAL_DIR/NNNN/ holds `change` (text, one line a fact) and for file i
 * the bytes `i.old` and `i.new`. It is written as NNNN.part, flushed, then renamed: a directory
 * without the suffix is whole. The directory itself is the lock.
 */
struct stored_file {
	char *path;
	char *old; /* NULL: there was none */
	size_t old_len;
	char *text;
	size_t len;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct strings added, removed; /* words */
};

struct stored {
	unsigned id;
	char *when, *what;
	struct stored_file *file;
	size_t files;
};

struct store {
	const struct root *root;
	int dir; /* of the journal, locked unless it is only looked at */
};
#define STORE_CLOSED                                                                               \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/*
 * To add a change (the directory is made), to take one back, or only to look. Without a journal it
 * is -ENOENT for the last two. Waits for the lock but to look: a change is whole as soon as it is
 * seen.
 */
enum store_use { STORE_ADD, STORE_TAKE, STORE_LOOK };
int store_open(
	const struct root *r, enum store_use use, struct store *ret, struct err *err) _must_check_;
void store_close(struct store *st);

/* Removes the journal's directory, and what was made for it, when it holds no change. */
void store_clean(struct store *st);

int stored_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct stored *ret, struct err *err) _must_check_;
void stored_done(struct stored *s);

/* The numbers of all changes, ascending. */
int store_ids(const struct store *st, unsigned **ret, size_t *ret_n) _must_check_;
/* Gives s the next number. */
int store_write(struct store *st, struct stored *s, struct err *err) _must_check_;
int store_read(
	const struct store *st, unsigned id, struct stored *ret, struct err *err) _must_check_;
int store_remove(struct store *st, unsigned id, struct err *err) _must_check_;

#endif
