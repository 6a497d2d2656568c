/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_H
#define BOOTCFG_JOURNAL_H

#include "bootcfg/stored.h"

/*
 * Changes that can be taken back. A change is written to var/lib/vfio-bootcfg/NNNN (old bytes, new
 * bytes, mode, owner) and flushed before the first file is touched, so that at any moment each file
 * is its old or its new self and the journal tells which. When the last change has been taken back
 * the directory goes too: the tree is what it was.
 */
/*
 * Writes all files in order, the journal first. On failure everything is put back and the tree is
 * as it was. *ret_id is the number of the change.
 */
int journal_commit(const struct root *r, const struct journal_file *files, size_t n,
	const char *what, unsigned *ret_id, struct err *err) _must_check_;

/* What becomes of one file when a change is taken back. */
enum undo_kind {
	UNDO_LEFT,     /* it is what it was already */
	UNDO_RESTORED, /* the old bytes */
	UNDO_REMOVED,  /* it was made by the change */
	UNDO_EDITED,   /* somebody edited it since: that edit stays, ours goes */
};
struct undone_file {
	char *path;
	enum undo_kind how;
	char *now, *to; /* bytes before and after; NULL: there is none */
	size_t now_len, to_len;
};
struct undone {
	struct undone_file *v;
	size_t n;
};
void undone_done(struct undone *u);

/* What a change did to one file. */
struct journal_words {
	const struct journal_file *file;
	const struct strings *added, *removed;
};

/*
 * Asked for a file that somebody else edited since: what it is to be without the change. `now` is
 * what it holds. -EBUSY with the reason where that can't be told.
 */
typedef int (*undo_edited)(void *with, const struct journal_words *change, const char *now,
	size_t now_len, char **ret, size_t *ret_len, struct err *err);
struct undo_how {
	bool dry;                  /* only says what would be done */
	undo_edited changed_since; /* NULL: refused */
	void *with;
};

/*
 * Takes change `id` back (0: the last one), or one in the middle. A file that holds the bytes we
 * wrote gets its old ones, a file we made goes; one that was edited since is asked about. When one
 * is refused (-EBUSY) none is touched.
 */
int journal_undo(const struct root *r, unsigned id, const struct undo_how *how, struct undone *ret,
	struct err *err) _must_check_;

#endif
