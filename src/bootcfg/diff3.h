/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_DIFF3_H
#define BOOTCFG_DIFF3_H

#include "bootcfg/journal.h"
#include "shared/root.h"

/*
 * Taking a change out of a file that was edited since. First by lines: where those that the change
 * wrote stand there still, each once, the old ones are put in their place, byte for byte. Else by
 * words, with the editor that put them there: what was added goes, what was removed comes back at
 * the end. Nothing else in the file moves.
 */
struct diff3 {
	const struct root *root;
	const char *loader; /* --boot-loader, or NULL */
};

/* An undo_edited; `with` is a struct takeback. */
int diff3_file(void *with, const struct journal_words *change, const char *now, size_t now_len,
	char **ret, size_t *ret_len, struct err *err);

/*
 * The pure half: `now` with what turned `old` into `text` turned back, line by line. 1: done; 0:
 * the lines are not there any more, or not once.
 */
int diff3_lines(const struct journal_file *change, const char *now, size_t now_len,
	struct text *ret) _must_check_;

#endif
