/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_GRUB_SCRIPT_H
#define BOOTCFG_FORMAT_GRUB_SCRIPT_H

#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * GRUB's script language (grub-core/script/yylex.l), command by command. Only cut, never run: what
 * it would do is the caller's question.
 */

/* A piece of a word: literal text, or the name of a variable. */
struct grub_part {
	char *text;
	bool variable;
	bool quoted; /* in double quotes: its value is not split */
};
struct grub_word {
	struct grub_part *part;
	size_t n;
	bool plain; /* nothing of it is quoted: it may be a keyword */
};

/* The keywords (if, then, fi, …) and `}` are commands of their own. */
struct grub_command {
	struct grub_word *word;
	size_t n;
	size_t line; /* where it begins */
	bool opens;  /* a `{` follows it */
};
void grub_command_done(struct grub_command *c);

/* Zero-initialised but for the text is the beginning. */
struct grub_script {
	const char *text;
	size_t len, at, line; /* line: newlines before at */
};

/* The next command. 1; 0 at the end; -EINVAL for quotes without an end; -ENOMEM. *ret is to be
 * emptied in each case. */
int grub_script_next(struct grub_script *s, struct grub_command *ret) _must_check_;

/* The text of a word without variables; NULL for one with them, and for one that is not there. */
const char *grub_word_text(const struct grub_command *c, size_t i);

/* Adds an argument as GRUB passes it to the kernel (grub-core/lib/cmdline.c): one with a blank in
 * quotes; a backslash before quotes and backslashes, which the kernel does not know. */
void grub_loader_argument(const char *word, struct text *to);

#endif
