/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_COPY_H
#define BOOTCFG_LOADER_BLS_COPY_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/* A copy of an entry of the Boot Loader Specification. */
struct bls_copy {
	enum bls_reader reader; /* who reads it */
	const char *tail;       /* of its name */
	const char *mark;       /* in its title */
	const char *head;       /* a line before all others, or NULL */
};

/*
 * One more entry: adds the copy of the entry at path to *to. It is no default by itself, and has no
 * boot counter. A copy that is there already is added as it is, to be edited. *to is to be emptied
 * in each case.
 */
int bls_copy_make(const struct root *r, const char *path, const struct bls_copy *c,
	struct file_edits *to, struct err *err) _must_check_;

/*
 * Its path, without a boot counter: NAME.conf or NAME+3-1.conf becomes NAME-TAIL.conf, of GRUB
 * NAME~TAIL.conf. So the copy sorts behind its original: GRUB compares names without .conf, the
 * greatest version first, where only `~` is less than nothing; bootctl(1) takes no `~` in an id,
 * and systemd-boot goes by the sort-key, then by names with .conf, where `-` is less than `.`.
 * Allocated; NULL: no memory.
 */
char *bls_copy_name(const char *path, enum bls_reader reader, const char *tail);
/* What is between name and tail. */
char bls_copy_between(enum bls_reader reader);

/*
 * Its text before it is edited. The title has the mark, and the copy sorts after its original, so
 * that it never is the first entry (systemd-boot, boot_entry_compare: equal keys, then the greater
 * id; `-` is less than `.`).
 */
void bls_copy_mark(const char *text, size_t len, const char *mark, struct text *to);

#endif
