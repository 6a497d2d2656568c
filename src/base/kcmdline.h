/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_KCMDLINE_H
#define BASE_KCMDLINE_H

#include "base/err.h"

#include <stdbool.h>

/*
 * The kernel command line. COMMAND_LINE_SIZE is 2048 on x86 and at most 4096 elsewhere
 * (arch/.../include/asm/setup.h); what a bootconfig adds comes on top of that.
 */
#define KCMDLINE_MAX 8192

/* So that no word is ever cut. */
#define KCMDLINE_WORD_MAX KCMDLINE_MAX

/* Reads /proc/cmdline below root (NULL or "": the running kernel's), in one read. *ret is
 * allocated, for str_free. 0 or -errno, without a text. */
int kcmdline_read(char **ret, const char *root) _must_check_;

/* True for what separates words (isspace in lib/ctype.c, without the 0xa0 of Latin-1). */
bool kcmdline_is_blank(char c);

/* The end of the word that s begins with, as the kernel splits them (next_arg in lib/cmdline.c): at
 * a blank outside double quotes; there is no escape. */
const char *kcmdline_word_end(const char *s);

/* Copies the next word of *s without its quotes, and moves *s past it; false at the end. */
bool kcmdline_word_next(const char **s, char buf[static KCMDLINE_WORD_MAX]);

/* True if a line has this very word, quotes included. */
bool kcmdline_has(const char *line, const char *word);

/* True if the word is this parameter, with or without a value. The kernel treats - and _ as equal
 * (parameqn in kernel/params.c); name has _. */
bool kcmdline_word_is(const char *word, const char *name);

#endif
