/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_KARG_SOURCES_H
#define BOOTCFG_LOADER_KARG_SOURCES_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/* The format of a source. */
enum karg_source_kind {
	KARG_SOURCE_GRUB,       /* /etc/default/grub and its drop-ins */
	KARG_SOURCE_SHELL,      /* another shell file with a variable of its own */
	KARG_SOURCE_BLS,        /* one boot entry */
	KARG_SOURCE_PLAIN,      /* /etc/kernel/cmdline */
	KARG_SOURCE_GRUBENV,    /* kernelopts in grubenv */
	KARG_SOURCE_KERNELSTUB, /* the JSON of Pop!_OS */
	KARG_SOURCE_LIMINE,
	KARG_SOURCE_EXTLINUX,
	KARG_SOURCE_REFIND_LINUX,
	KARG_SOURCE_REFIND_CONF,
};

/* One source of kernel parameters that is edited. */
struct karg_source {
	enum karg_source_kind kind;
	struct strings paths; /* the files, in the order of their reader */
	const char *variable; /* KARG_SOURCE_SHELL: the variable; KARG_SOURCE_GRUB: the one for new
				 words */
	size_t home_file;     /* the file for new words, if there is a choice */
	enum bls_reader reader;
	bool is_default;     /* KARG_SOURCE_BLS: the default of loader.conf */
	bool kernelopts;     /* KARG_SOURCE_BLS: grubenv has them */
	bool bash;           /* the reader accepts += */
	bool must_exist;     /* KARG_SOURCE_SHELL: an unset variable is an error */
	bool append;         /* KARG_SOURCE_SHELL: a new line is NAME+=" …" */
	bool dropins_unsure; /* KARG_SOURCE_GRUB: unknown if the files after the first are read */
	bool first_line;     /* KARG_SOURCE_PLAIN: Proxmox */
	unsigned order;      /* lower ones are written first: the sources for the next kernel */
	char *template;      /* the text for a missing file: allocated, or NULL */
};

/* What a system boots with, according to its files. */
struct loaders {
	struct karg_source *place;
	size_t places;
	struct strings found; /* the loaders, by name */
	struct strings next;  /* commands that generate the boot files */
	struct strings notes;
	struct strings boots; /* directories with boot files: boot, boot/efi, … */
	char *grub_cfg;       /* the output of grub-mkconfig, or NULL */
};

/* Exit codes of section "EXIT STATUS" in vfio-bootcfg(8), as negative returns of loaders_find. */
#define LOADERS_OWNED (-1003)     /* another tool manages the command line; err has its command */
#define LOADERS_AMBIGUOUS (-1004) /* err lists what was found */

struct loaders_options {
	const char *loader; /* --boot-loader, or NULL */
	const char *entry;  /* --entry: ID, default, all, NULL: ours but fallback entries */
	const struct karg_ops *request; /* for the words of another tool's command */
};

void loaders_done(struct loaders *l);

/* Adds a source at the end; NULL: no memory. Valid until the next call. */
struct karg_source *karg_source_add(struct loaders *to, enum karg_source_kind kind, unsigned order);

/* True if a source has this file already. */
bool karg_source_known(const struct loaders *to, const char *path);

/* The regular files of a directory whose names end in suffix, as paths, in C order. */
int regular_files_add(
	const struct root *r, const char *dir, const char *suffix, struct strings *to) _must_check_;

/* Adds /etc/kernel/cmdline and its drop-ins; created from /usr/lib/kernel/cmdline if only that file
 * exists. False: neither does. Each file is added once. */
int kernel_cmdline_add(const struct root *r, struct loaders *to, const char *drop_in_dir,
	const char *suffix, bool *ret_found) _must_check_;

/* Reads the files of one source and edits them in memory; nothing is written. *ret is to be emptied
 * in each case. */
int karg_source_edit(const struct root *r, const struct karg_source *source,
	const struct karg_ops *req, struct file_edits *ret, struct err *err) _must_check_;

#endif
