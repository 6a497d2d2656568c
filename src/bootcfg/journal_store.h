/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_STORE_H
#define BOOTCFG_JOURNAL_STORE_H

#include "bootcfg/stored.h"

/*
 * The directory of the changes, JOURNAL_DIR: NNNN/ is one (stored.h). It is written as NNNN.part,
 * flushed, then renamed: a directory without the suffix is whole. JOURNAL_DIR itself is the lock.
 */
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

/* The numbers of all changes, ascending. */
int store_ids(const struct store *st, unsigned **ret, size_t *ret_n) _must_check_;
/* Gives s the next number. */
int store_write(struct store *st, struct stored *s, struct err *err) _must_check_;
int store_read(
	const struct store *st, unsigned id, struct stored *ret, struct err *err) _must_check_;
int store_remove(struct store *st, unsigned id, struct err *err) _must_check_;

#endif
