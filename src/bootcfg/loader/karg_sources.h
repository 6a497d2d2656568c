/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_KARG_SOURCES_H
#define BOOTCFG_LOADER_KARG_SOURCES_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/* How a place is written: which format edits it. */
enum karg_source_kind {
	KARG_SOURCE_GRUB,       /* /etc/default/grub and its drop-ins */
	KARG_SOURCE_SHELL,      /* another shell file with a variable of its own */
	KARG_SOURCE_BLS,        /* one loader entry */
	KARG_SOURCE_PLAIN,      /* /etc/kernel/cmdline */
	KARG_SOURCE_GRUBENV,    /* kernelopts in grubenv */
	KARG_SOURCE_KERNELSTUB, /* the JSON of Pop!_OS */
	KARG_SOURCE_LIMINE,
	KARG_SOURCE_EXTLINUX,
	KARG_SOURCE_REFIND_LINUX,
	KARG_SOURCE_REFIND_CONF,
};

/* One place where kernel parameters are to be changed. */
struct karg_source {
	enum karg_source_kind kind;
	struct strings paths; /* the files, in the order their reader takes them */
	const char *variable; /* KARG_SOURCE_SHELL: the variable; KARG_SOURCE_GRUB: the one for new
				 words */
	size_t home_file;     /* which of the files new words go to, where there is a choice */
	enum bls_reader reader;
	bool is_default;     /* KARG_SOURCE_BLS: loader.conf names it */
	bool kernelopts;     /* KARG_SOURCE_BLS: grubenv holds them */
	bool bash;           /* the reader knows += */
	bool must_exist;     /* KARG_SOURCE_SHELL: the variable is set, or it is an error */
	bool append;         /* KARG_SOURCE_SHELL: a new line is NAME+=" …" */
	bool dropins_unsure; /* KARG_SOURCE_GRUB: nobody knows whether the files behind the first
			      * are read
			      */
	bool first_line;     /* KARG_SOURCE_PLAIN: Proxmox */
	unsigned order;      /* written first: what matters for the next kernel */
	char *template;      /* what a file that is not there starts from: allocated, or NULL */
};

/* What a system boots with, as far as its files tell. */
struct loaders {
	struct karg_source *place;
	size_t places;
	struct strings found; /* the loaders, by name */
	struct strings next;  /* commands that bring the edit to the boot files */
	struct strings notes;
	struct strings boots; /* directories that boot files lie in: boot, boot/efi, … */
	char *grub_cfg;       /* what grub-mkconfig makes, or NULL */
};

/* Exit codes of section "EXIT STATUS" in vfio-bootcfg(8), as negative returns of loaders_find. */
#define LOADERS_OWNED (-1003)     /* somebody else owns the command line; err has their command */
#define LOADERS_AMBIGUOUS (-1004) /* err lists what was found */

struct loaders_options {
	const char *loader; /* --boot-loader, or NULL */
	const char *entry;  /* --entry: ID, default, all, or NULL: all of ours but fallbacks */
	const struct karg_ops *request; /* for the words of another tool's command */
};

void loaders_done(struct loaders *l);

/* A new place at the end; NULL without memory. Valid until the next call. */
struct karg_source *karg_source_add(struct loaders *to, enum karg_source_kind kind, unsigned order);

/* Whether a place has this file already. */
bool karg_source_known(const struct loaders *to, const char *path);

#endif
