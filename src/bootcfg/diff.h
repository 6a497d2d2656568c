/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_DIFF_H
#define BOOTCFG_DIFF_H

#include "bootcfg/journal.h"
#include "shared/root.h"

#include <stdio.h>

/*
 * Undoes a change in a file that was edited since. First by lines: if the lines that the change
 * wrote are still there, each once, the old ones replace them, byte for byte. Else by parameters,
 * with the editor that wrote them: added ones are removed, removed ones are appended at the end.
 * Nothing else in the file changes.
 */
struct diff3 {
	const struct root *root;
	const char *loader; /* --boot-loader, or NULL */
};

/* An undo_edited; `with` is a struct diff3. */
int diff3_file(void *with, const struct journal_words *change, const char *now, size_t now_len,
	char **ret, size_t *ret_len, struct err *err);

/* Prints the unified diff of one file with three lines of context; old NULL: the file is new. */
void diff_print(
	const char *path, const char *old, size_t old_len, const char *text, size_t len, FILE *f);

#endif
