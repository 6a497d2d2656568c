/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SOURCE_H
#define BOOTCFG_SOURCE_H

#include "bootcfg/change.h"
#include "bootcfg/request.h"

/* A file that holds kernel parameters: what it said, and what it is to say. */
struct source {
	char *path; /* below the root, without a leading slash */
	char *old;  /* allocated; NULL: there is no such file */
	size_t old_len;
	char *text; /* the new text; NULL: as it was */
	size_t len;
};

/* Files that are edited as one, in the order their reader takes them. */
struct sources {
	struct source *v;
	size_t n;
	struct strings before;  /* the command line's words as read, for the report */
	struct strings after;   /* and as they will be */
	struct strings notes;
};
void sources_done(struct sources *s);
int sources_add(struct sources *s, const char *path, char *text, size_t len) _must_check_;

/* The text as it stands now: new if there is one, else old. */
const char *source_text(const struct source *s, size_t *ret_len);

/*
 * The formats. Each edits its sources, or only reads them when r is empty, and is pure: no file is
 * opened. What it can't read for certain is refused as -EINVAL with PATH:LINE. Every edit is read
 * back with the same parser before it is handed out: words before, less removed, plus added.
 */

/* Shell variables. words in `join` order; new ones go to `home`, which is made when missing. */
struct shell_format {
	const char *const *names; /* NULL-terminated, in the order their reader joins them */
	const char *home;
	enum dialect dialect;
	size_t home_file;   /* which source gets a new assignment */
	bool bash;          /* its reader is bash: += works */
	bool must_exist;    /* no new assignment: -ENOENT where there is none */
	bool create_append; /* a new assignment is NAME+=" …" */
};
int shell_format_edit(struct sources *s, const struct shell_format *f, const struct request *r,
	struct err *err) _must_check_;

/* Who reads a Boot Loader Specification entry; they differ (see bls.c). */
enum bls_reader { BLS_SYSTEMD_BOOT, BLS_GRUB, BLS_BOTH };
struct bls_format {
	enum bls_reader reader;
	const char *kernelopts; /* what $kernelopts stands for, or NULL */
};
int bls_edit(struct sources *s, const struct bls_format *f, const struct request *r,
	struct err *err) _must_check_;

/* /etc/kernel/cmdline and its like: words, and lines of comment. */
struct plain_format {
	bool first_line; /* the reader takes the first line only (Proxmox) */
};
int plain_edit(struct sources *s, const struct plain_format *f, const struct request *r,
	struct err *err) _must_check_;

#endif
