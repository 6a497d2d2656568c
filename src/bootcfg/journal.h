/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_H
#define BOOTCFG_JOURNAL_H

#include "shared/txn.h"

#define JOURNAL_DIR "var/lib/vfio-bootcfg"

/* A file to be written by a change. By reference. */
struct journal_file {
	const char *path;
	const char *old; /* NULL: the file is created */
	size_t old_len;
	const char *text;
	size_t len;
	const struct strings *added, *removed; /* the parameters, for undo after another edit */
};

/*
 * A change on disk: a directory with `change` (text, one fact per line) and for file i the bytes
 * `i.old` and `i.new`.
 */
struct backup {
	unsigned id;
	char *when, *what;
	struct txn_file *file;
	struct backup_words {
		struct strings added, removed; /* parameters */
	} * words;                             /* of each file */
	size_t files;
};

/* Fills *ret with a change that writes these files, with the current mode and owner of each. */
int backup_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct backup *ret, struct err *err) _must_check_;
void backup_done(struct backup *s);

/* Writes *s into an empty directory, each file flushed; reads it back, -EBADMSG for an invalid
 * text. 0 or -errno. *s is to be emptied in each case. */
int backup_write(int dir, const struct backup *s) _must_check_;
int backup_read(int dir, struct backup *s) _must_check_;

/*
 * Changes that can be undone. A change is written to var/lib/vfio-bootcfg/NNNN (old bytes, new
 * bytes, mode, owner) and flushed before the first file is written: at any moment each file has its
 * old or its new bytes, and the journal has both. After the last change is undone the directory is
 * removed too: the tree is as before.
 */
/*
 * Writes the journal, then all files in order. On failure everything is undone and the tree is as
 * before. *ret_id is the number of the change.
 */
int journal_commit(const struct root *r, const struct journal_file *files, size_t n,
	const char *what, unsigned *ret_id, struct err *err) _must_check_;

/* What an undo does to one file. */
enum undo_kind {
	UNDO_LEFT,     /* the file already is as before the change */
	UNDO_RESTORED, /* the old bytes are restored */
	UNDO_REMOVED,  /* the file was created by the change */
	UNDO_EDITED,   /* the file was edited since: that edit stays, the change is removed */
};
struct undone_file {
	char *path;
	enum undo_kind how;
	char *now, *to; /* bytes before and after; NULL: no file */
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
 * Called for a file that was edited since: returns in *ret its text without the change. `now` is
 * its current text. -EBUSY with the reason if that cannot be determined.
 */
typedef int (*undo_edited)(void *with, const struct journal_words *change, const char *now,
	size_t now_len, char **ret, size_t *ret_len, struct err *err);
struct undo_how {
	bool dry;                  /* reports only what would be done */
	undo_edited changed_since; /* NULL: refused */
	void *with;
};

/*
 * Undoes change `id` (0: the last one), or one in the middle. A file with the written bytes gets
 * its old ones, a created file is removed; changed_since is called for a file that was edited
 * since. If one file is refused (-EBUSY) none is written.
 */
int journal_undo(const struct root *r, unsigned id, const struct undo_how *how, struct undone *ret,
	struct err *err) _must_check_;

/* One change in --history. */
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
