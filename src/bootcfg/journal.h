/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_H
#define BOOTCFG_JOURNAL_H

#include "shared/root.h"

#include <sys/types.h>

#define JOURNAL_DIR "var/lib/vfio-bootcfg"

/* A file as a change is to write it. By reference. */
struct journal_file {
	const char *path;
	const char *old; /* NULL: it is to be created */
	size_t old_len;
	const char *text;
	size_t len;
	const struct strings *added, *removed; /* the words, for an undo after another edit */
};

/*
 * One change as it is kept: a directory with `change` (text, one line a fact) and for file i the
 * bytes `i.old` and `i.new`.
 */
struct backup_file {
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

struct backup {
	unsigned id;
	char *when, *what;
	struct backup_file *file;
	size_t files;
};

/* The change that writes these files, with the mode and owner each has now. */
int backup_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct backup *ret, struct err *err) _must_check_;
void backup_done(struct backup *s);

/* Writes it into an empty directory, each file flushed; reads it from there, where what is no such
 * text is -EBADMSG. 0 or -errno. *s is to be emptied in each case. */
int backup_write(int dir, const struct backup *s) _must_check_;
int backup_read(int dir, struct backup *s) _must_check_;

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

/* One change as --history shows it. */
struct journal_entry {
	unsigned id;
	char *when, *what;
	struct strings paths;
};
struct journal_list {
	struct journal_entry *v;
	size_t n;
};
int journal_read(const struct root *r, struct journal_list *ret, struct err *err) _must_check_;
void journal_list_done(struct journal_list *l);

#endif
