/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_KARG_SOURCES_H
#define BOOTCFG_LOADER_KARG_SOURCES_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/* One source of kernel parameters that is edited. */
struct karg_source {
	struct strings paths; /* the files, in the order of their reader */
	format_edit *edit;    /* their format */
	struct format format;
	unsigned order; /* lower ones are written first: the sources for the next kernel */
	char *template; /* the text for a missing file: allocated, or NULL */
	char *line;     /* a fallback of the format: allocated, or NULL */
	bool generated; /* an entry of the Boot Loader Specification, by kernel-install */
};

#define LOADERS_MAX 16

struct loader;

/* What a system boots with, according to its files. */
struct loaders {
	struct karg_source *sources;
	size_t sources_n;
	const struct loader *found[LOADERS_MAX];
	size_t found_n;
	struct strings next;    /* commands that generate the boot files */
	struct strings by_hand; /* the same, for the user: what makes them is not known */
	struct strings notes;
	struct strings roots; /* names of the root file system, as root= has them */
	struct strings boots; /* directories with boot files: boot, boot/efi, … */
	/* The tool that gives the next kernel the line of the running one, or NULL. */
	const char *next_running;
	bool remains; /* no boot file is there: what is found may be left over */
	bool image;   /* a signed image is built by them */
	char *menu;   /* the menu that they generate, or NULL */

	/*
	 * Of a system that is not edited (managed.h): who owns the kernel command line, or NULL;
	 * the reason, with its file; and the line that counts, edited in memory as requested
	 * (line.n == 0: not known). Then nothing is found, and by_hand has what is left to do.
	 */
	const char *managed_by;
	char *managed_why;
	struct file_edits line;
	bool line_is_source; /* it is in a file of its own, not in a boot entry */
	bool refused;        /* there is something to change, or it is without use there */
};

/* Exit codes of section "EXIT STATUS" in vfio-bootcfg(8), as negative returns of loaders_find. */
#define LOADERS_OWNED (-1003)     /* another tool manages the command line; err has its command */
#define LOADERS_AMBIGUOUS (-1004) /* err lists what was found */

struct loaders_options {
	const char *loader; /* --boot-loader, or NULL */
	const char *entry;  /* --entry: ID, default, all, NULL: ours but fallback entries */
	const struct karg_ops *request; /* for the words of another tool's command */
	bool drop_in;                   /* --drop-in: new words go to a file of our own */
};

void loaders_done(struct loaders *l);
void karg_source_done(struct karg_source *p);

/* Adds a source at the end, with this file if path is not NULL; NULL: no memory. Valid until the
 * next call. */
struct karg_source *karg_source_add(
	struct loaders *to, format_edit *edit, unsigned order, const char *path);

/* True for a source that is the boot entry itself: what boots reads it, and nothing makes it anew.
 */
bool karg_source_is_entry(const struct karg_source *s);

/* True if a source has this file already. */
bool karg_source_known(const struct loaders *to, const char *path);

/* The regular files of a directory whose names end in suffix, as paths, in C order. */
int regular_files_add(
	const struct root *r, const char *dir, const char *suffix, struct strings *to) _must_check_;

/* Adds /etc/kernel/cmdline and its drop-ins; created from /usr/lib/kernel/cmdline if only that file
 * exists. False: neither does. Each file is added once. */
int kernel_cmdline_add(const struct root *r, struct loaders *to, const char *drop_in_dir,
	const char *suffix, bool *ret_found) _must_check_;

/* Adds a file as it is now. One that is not there is added as a new one, and -ENOENT returned; else
 * as root_read. */
int file_edits_read(struct file_edits *to, const struct root *r, const char *path,
	struct err *err) _must_check_;

/* Reads the words of one source and their places; f: its format, or less of it. *ret is to be
 * emptied in each case. */
int karg_source_read(const struct root *r, const struct karg_source *source, const struct format *f,
	struct file_edits *ret, struct err *err) _must_check_;

/* Reads the files of one source and edits them in memory; nothing is written. *ret is to be emptied
 * in each case. */
int karg_source_edit(const struct root *r, const struct karg_source *source,
	const struct karg_ops *req, struct file_edits *ret, struct err *err) _must_check_;

#endif
