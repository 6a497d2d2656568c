/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_H
#define BOOTCFG_JOURNAL_H

#include "bootcfg/root.h"
#include "bootcfg/source.h"

/*
 * Changes that can be taken back. A change is written to var/lib/vfio-bootcfg/NNNN (old bytes, new
 * bytes, mode, owner) and flushed before the first file is touched, so that at any moment each file
 * is its old or its new self and the journal tells which. When the last change has been taken back
 * the directory goes too: the tree is what it was.
 */
#define JOURNAL_DIR "var/lib/vfio-bootcfg"

struct journal_file {
	const char *path;
	const char *old; /* NULL: it is to be created */
	size_t old_len;
	const char *text;
	size_t len;
};

/*
 * Writes all files in order, the journal first. On failure everything is put back and the tree is
 * as it was. *ret_id is the number of the change.
 */
int journal_commit(const struct root *r, const struct journal_file *files, size_t n,
	const char *what, unsigned *ret_id, struct err *err) _must_check_;

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

/*
 * Takes change `id` back (0: the last one). A file that holds the bytes we wrote gets its old
 * bytes; one that holds its old bytes is left; anything else is refused (-EBUSY) before a file is
 * touched. dry: only says what would be done. *ret_paths: the files concerned.
 */
int journal_undo(const struct root *r, unsigned id, bool dry, struct strings *ret_paths,
	struct err *err) _must_check_;

#endif
