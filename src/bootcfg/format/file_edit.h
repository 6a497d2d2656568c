/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_FILE_EDIT_H
#define BOOTCFG_FORMAT_FILE_EDIT_H

#include "bootcfg/kargs/edit.h"
#include "bootcfg/kargs/karg_ops.h"

/* A file that holds kernel parameters: what it said, and what it is to say. */
struct file_edit {
	char *path; /* below the root, without a leading slash */
	char *name; /* the same with it, for messages */
	char *old;  /* allocated; NULL: there is no such file */
	size_t old_len;
	char *text; /* the new text; NULL: as it was */
	size_t len;
};

/* Files that are edited as one, in the order their reader takes them. */
struct file_edits {
	struct file_edit *v;
	size_t n;
	struct strings before; /* the command line's words as read, for the report */
	struct strings after;  /* and as they will be */
	struct strings notes;
	struct strings added, removed; /* what the edit did, word by word */
};
void file_edits_done(struct file_edits *s);
int file_edits_add(struct file_edits *s, const char *path, char *text, size_t len) _must_check_;

/* The text as it stands now: new if there is one, else old, else empty. */
const char *file_edit_text(const struct file_edit *s, size_t *ret_len);

/* Takes text over as the new one of source i; a text equal to the old is no change. */
int file_edit_take(struct file_edit *s, struct text *text) _must_check_;

/* Whether any source has a new text. */
bool file_edits_changed(const struct file_edits *s);

/* What the formats share: the words of a line that is kernel's, into *ret. */
int line_words(const struct tokens *l, struct strings *ret) _must_check_;

/* Fills added and removed from what was decided. */
int file_edits_report(
	struct file_edits *s, const struct tokens *l, const struct edit *c) _must_check_;

/* Applies the splices to every source. */
int file_edits_apply(struct file_edits *s, struct splices *p) _must_check_;

/*
 * The formats. Each edits its sources, or only reads them when r is empty, and is pure: no file is
 * opened. What it can't read for certain is refused as -EINVAL with PATH:LINE. Every edit is read
 * back with the same parser before it is handed out: words before, less removed, plus added.
 */

/* Shell variables. words in `join` order; new ones go to `home`, which is made when missing. */
struct shell_format {
	const char *const *names; /* NULL-terminated, in the order their reader joins them */
	const char *insert_at;
	enum dialect dialect;
	size_t home_file;   /* which source gets a new assignment */
	bool bash;          /* its reader is bash: += works */
	bool must_exist;    /* no new assignment: -ENOENT where there is none */
	bool create_append; /* a new assignment is NAME+=" …" */
};
int shell_format_edit(struct file_edits *s, const struct shell_format *f, const struct karg_ops *r,
	struct err *err) _must_check_;

/* Who reads a Boot Loader Specification entry; they differ (see bls.c). */
enum bls_reader { BLS_SYSTEMD_BOOT, BLS_GRUB, BLS_BOTH };
struct bls_format {
	enum bls_reader reader;
	bool kernelopts; /* $kernelopts is known and edited in grubenv: new words go there */
};
int bls_edit(struct file_edits *s, const struct bls_format *f, const struct karg_ops *r,
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
int plain_edit(struct file_edits *s, const struct plain_format *f, const struct karg_ops *r,
	struct err *err) _must_check_;

/* A edit_encode for files that hold the kernel's own spelling. */
int plain_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err);

/* Menus that people write: every entry's line is a command line of its own. Entries that are a way
 * back (fallback, rescue, snapshot) or that start no Linux are left alone. */
int limine_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;
int extlinux_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;
int refind_linux_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;
int refind_conf_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;

/* kernelopts= in GRUB's environment block, which is 1024 bytes whatever it holds. */
int grubenv_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;

/* user.kernel_options in the JSON of kernelstub: a list of words, or one string. */
int kernelstub_edit(struct file_edits *s, const struct karg_ops *r, struct err *err) _must_check_;

/*
 * The second half of every format: decides on l, splices, and fills the reports. *ret_expect: the
 * words that a second reading has to find. `where` is put before what is wrong. 1: changed, 0: not.
 */
int line_edit(struct file_edits *s, struct tokens *l, const struct karg_ops *r, edit_encode encode,
	const char *where, struct strings *ret_expect, struct err *err) _must_check_;

#endif
