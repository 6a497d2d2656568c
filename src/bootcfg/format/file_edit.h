/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_FILE_EDIT_H
#define BOOTCFG_FORMAT_FILE_EDIT_H

#include "bootcfg/kargs/edit.h"
#include "bootcfg/kargs/karg_ops.h"

/* Whose a file is: one of a package is never edited. Parameters are added to one whose owner is not
 * known only if it sets them anew. */
enum file_owner { OWNER_ADMIN, OWNER_UNKNOWN, OWNER_PACKAGE };

/* A file that contains kernel parameters: its text before and after the edit. */
struct file_edit {
	char *path; /* below the root, without a leading slash */
	char *name; /* the same with a leading slash, for messages */
	char *old;  /* allocated; NULL: the file does not exist */
	size_t old_len;
	char *text; /* the new text; NULL: unchanged */
	size_t len;
	bool program; /* a new file that is run: with mode 0755 */
	enum file_owner owner;
};

/* Files that are edited as one, in the order of their reader. */
struct file_edits {
	struct file_edit *v;
	size_t n;
	struct strings before; /* the parameters as read, for the report */
	struct strings
		places;       /* where each of them is, of the formats of line_before: "/FILE:LINE",
				 "" where no file has it */
	struct strings after; /* the parameters after the edit */
	struct strings notes;
	struct strings added, removed; /* the changed parameters */
};
void file_edit_done(struct file_edit *f);
void file_edits_done(struct file_edits *s);
int file_edits_add(struct file_edits *s, const char *path, char *text, size_t len) _must_check_;

/* The current text: new if there is one, else old, else empty. */
const char *file_edit_text(const struct file_edit *s, size_t *ret_len);

/* Moves text into s as the new one; a text equal to the old one is not a change. */
int file_edit_take(struct file_edit *s, struct text *text) _must_check_;

/* True if any file has a new text. */
bool file_edits_changed(const struct file_edits *s);

/* A word of a source for the user: what only its reader knows, a byte 1 in the word, is `$...`. */
void word_show(const char *word, struct text *to);

/* Shared by the formats: adds the words of l to *ret. */
int line_words(const struct tokens *l, struct strings *ret) _must_check_;

/* Adds the words of l, as they are before the edit, and their places, to s. */
int line_before(struct file_edits *s, const struct tokens *l) _must_check_;

/* Fills added and removed from the edit. */
int file_edits_report(
	struct file_edits *s, const struct tokens *l, const struct edit *c) _must_check_;

/* Applies the splices to every file. */
int file_edits_apply(struct file_edits *s, struct splices *p) _must_check_;

/*
 * The formats. Each edits its files, or only reads them if r is empty, and is pure: no file is
 * opened. Text that cannot be read with certainty is refused as -EINVAL with PATH:LINE. Every edit
 * is read back with the same parser before it is returned: parameters before, less removed, plus
 * added.
 */

/* The readers of a Boot Loader Specification entry; they differ (see bls.c). */
enum bls_reader { BLS_SYSTEMD_BOOT, BLS_GRUB, BLS_BOTH };

/* How the program that uses the files reads them: each format has its own fields. */
struct format {
	/* shell: NULL-terminated, in the order their reader joins them. */
	const char *names[3];
	const char *insert_at; /* shell: the variable for new parameters, created if missing */
	enum dialect dialect;  /* shell */
	bool bash;             /* shell: the reader is bash: += works */
	bool must_exist;       /* shell: no new assignment: -ENOENT if there is none */
	/* shell: what the reader takes where insert_at is not assigned; a new assignment begins
	 * with it. NULL: nothing. */
	const char *fallback;
	bool dropins_unsure; /* shell: unknown if the files after the first are read */
	bool create_append;  /* shell: a new assignment is NAME+=" …" */
	size_t home_file;    /* shell, plain: the file for a new assignment, new parameters */
	/* shell: a file of our own, which the reader sources, too; NULL: it reads none. It takes
	 * new parameters that no other file can, or all of them (to_drop_in). */
	const char *drop_in;
	bool to_drop_in;
	bool first_line;    /* plain: the reader uses the first line only (Proxmox) */
	const char *kernel; /* limine_tool: only the line of this kernel is read; NULL: of all */
	enum bls_reader reader; /* bls */
	size_t entry_line;      /* menus: only the entry that begins in this line; 0: all */
	struct strings roots;   /* menus: names of this system's root file system; not owned */
	bool kernelopts; /* bls: $kernelopts is known and edited in grubenv: new parameters go there
			  */
};
typedef int format_edit(struct file_edits *s, const struct format *f, const struct karg_ops *r,
	struct err *err) _must_check_;

format_edit shell_edit;      /* shell variables */
format_edit bls_edit;        /* an entry of the Boot Loader Specification */
format_edit plain_edit;      /* /etc/kernel/cmdline and similar: parameters, and comment lines */
format_edit grubenv_edit;    /* kernelopts= in GRUB's environment block of 1024 bytes */
format_edit kernelstub_edit; /* user.kernel_options in its JSON: a list of words, or one string */

/* Hand-written menus (menu.h): the line of every entry is a command line of its own. Ways back,
 * entries of other systems and what is not Linux keep theirs. */
format_edit limine_edit;
format_edit extlinux_edit;
format_edit refind_linux_edit;
format_edit refind_conf_edit;

/* The files of limine-entry-tool, the last of which takes new lines (limine_tool.h). Each kernel's
 * line is edited, but for those of ways back. */
format_edit limine_tool_edit;

/* The keys of an entry, for deciding whether it is edited. Strings are allocated or NULL. */
struct bls_entry {
	char *linux_path, *efi, *uki, *initrd, *machine_id, *title, *options, *sort_key, *version;
};
int bls_read(const char *text, size_t len, struct bls_entry *ret) _must_check_;
void bls_entry_done(struct bls_entry *e);

/* The command line of an entry as this reader takes it; what it ignores is marked so. -EINVAL with
 * the reason. *ret is to be emptied in each case. */
int bls_line(const char *path, const char *text, size_t len, enum bls_reader reader,
	struct tokens *ret, struct err *err) _must_check_;

/*
 * Adds `initrd NAME` behind the last initrd of an entry, in a line of its own: systemd-boot and
 * GRUB load several, in their order. An entry that names it already stays as it is. -EINVAL for one
 * that starts no initrd.
 */
int bls_initrd_add(struct file_edit *f, enum bls_reader reader, const char *name,
	struct err *err) _must_check_;

/* An edit_encode for files with the kernel's own spelling. */
int plain_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err);

/*
 * The second half of every format: decides on l, splices, and fills the reports. *ret_expect: the
 * words that a second reading has to find. `where` is the prefix of error messages. 1: changed, 0:
 * not.
 */
int line_edit(struct file_edits *s, struct tokens *l, const struct karg_ops *r, edit_encode encode,
	const char *where, struct strings *ret_expect, struct err *err) _must_check_;

/* … and the end of it: l is the second reading. Fills s->after; -EINVAL if these are other words
 * than expected. */
int line_verify(struct file_edits *s, const struct tokens *l, const struct strings *expect,
	const char *where, struct err *err) _must_check_;

#endif
