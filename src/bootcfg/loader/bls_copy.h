/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BLS_COPY_H
#define BOOTCFG_LOADER_BLS_COPY_H

#include "bootcfg/format/file_edit.h"
#include "shared/root.h"

/*
 * One more entry of the Boot Loader Specification: adds NAME-TAIL.conf to *to, a copy of the entry
 * at path whose title has the mark, behind `head` (a line, or ""). It is no default by itself, and
 * has no boot counter. A copy that is there already is added as it is, to be edited. *to is to be
 * emptied in each case.
 */
int bls_copy_make(const struct root *r, const char *path, const char *tail, const char *mark,
	const char *head, struct file_edits *to, struct err *err) _must_check_;

/* Its path, without a boot counter: NAME.conf or NAME+3-1.conf becomes NAME-TAIL.conf. Allocated;
 * NULL: no memory. */
char *bls_copy_name(const char *path, const char *tail);

/*
 * Its text before it is edited. The title has the mark, and the copy sorts after its original, so
 * that it never is the first entry (systemd-boot, boot_entry_compare: equal keys, then the greater
 * id; `-` is less than `.`).
 */
void bls_copy_mark(const char *text, size_t len, const char *mark, struct text *to);

#endif
