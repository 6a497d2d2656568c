/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_STORED_H
#define BOOTCFG_STORED_H

#include "bootcfg/root.h"

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

/* The change that writes these files, with the mode and owner each has now. */
int stored_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct stored *ret, struct err *err) _must_check_;
void stored_done(struct stored *s);

/* Writes it into an empty directory, each file flushed; reads it from there, where what is no such
 * text is -EBADMSG. 0 or -errno. *s is to be emptied in each case. */
int stored_write(int dir, const struct stored *s) _must_check_;
int stored_read(int dir, struct stored *s) _must_check_;

#endif
