/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SOURCE_H
#define BOOTCFG_SOURCE_H

#include "bootcfg/request.h"
#include "bootcfg/splice.h"

/* A file that holds kernel parameters: what it said, and what it is to say. */
struct source {
	char *path; /* below the root, without a leading slash */
	char *name; /* the same with it, for messages */
	char *old;  /* allocated; NULL: there is no such file */
	size_t old_len;
	char *text; /* the new text; NULL: as it was */
	size_t len;
};

/* Files that are edited as one, in the order their reader takes them. */
struct sources {
	struct source *v;
	size_t n;
	struct strings before; /* the command line's words as read, for the report */
	struct strings after;  /* and as they will be */
	struct strings notes;
	struct strings added, removed; /* what the edit did, word by word */
};
void sources_done(struct sources *s);
int sources_add(struct sources *s, const char *path, char *text, size_t len) _must_check_;

/* The text as it stands now: new if there is one, else old, else empty. */
const char *source_text(const struct source *s, size_t *ret_len);

/* Takes text over as the new one of source i; a text equal to the old is no change. */
int source_take(struct source *s, struct text *text) _must_check_;

/* Whether any source has a new text. */
bool sources_changed(const struct sources *s);

/* What the formats share: the words of a line that is kernel's, into *ret. */
int line_words(const struct line *l, struct strings *ret) _must_check_;

/* Fills added and removed from what was decided. */
int sources_report(struct sources *s, const struct line *l, const struct change *c) _must_check_;

/* Applies the splices to every source. */
int sources_apply(struct sources *s, struct splices *p) _must_check_;

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
	bool kernelopts; /* $kernelopts is known and edited in grubenv: new words go there */
};
int bls_edit(struct sources *s, const struct bls_format *f, const struct request *r,
	struct err *err) _must_check_;

/* What an entry says, for whoever decides whether it is ours. Strings are allocated or NULL. */
struct bls_entry {
	char *linux_path, *efi, *uki, *initrd, *machine_id, *title, *options;
};
int bls_read(const char *text, size_t len, struct bls_entry *ret) _must_check_;
void bls_entry_done(struct bls_entry *e);

/* /etc/kernel/cmdline and its like: words, and lines of comment. */
struct plain_format {
	bool first_line;  /* the reader takes the first line only (Proxmox) */
	size_t home_file; /* which source new words go to */
};
int plain_edit(struct sources *s, const struct plain_format *f, const struct request *r,
	struct err *err) _must_check_;

/* A change_encode for files that hold the kernel's own spelling. */
int plain_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err);

/* Menus that people write: every entry's line is a command line of its own. Entries that are a way
 * back (fallback, rescue, snapshot) or that start no Linux are left alone. */
int limine_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;
int extlinux_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;
int refind_linux_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;
int refind_conf_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;

/* kernelopts= in GRUB's environment block, which is 1024 bytes whatever it holds. */
int grubenv_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;

/* user.kernel_options in the JSON of kernelstub: a list of words, or one string. */
int kernelstub_edit(struct sources *s, const struct request *r, struct err *err) _must_check_;

/*
 * The second half of every format: decides on l, splices, and fills the reports. *ret_expect: the
 * words that a second reading has to find. `where` is put before what is wrong. 1: changed, 0: not.
 */
int line_edit(struct sources *s, struct line *l, const struct request *r, change_encode encode,
	const char *where, struct strings *ret_expect, struct err *err) _must_check_;

#endif
