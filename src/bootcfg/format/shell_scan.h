/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_SCAN_H
#define BOOTCFG_FORMAT_SHELL_SCAN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The lexer below shell.c: words with all their quotes, and what is skipped between them. Returns
 * are 1 for something found, 0 for nothing here, negative for a syntax error with NAME:LINE.
 */
#define SCAN_HEREDOCS 8

struct span {
	size_t begin, end, line;
};

struct scan {
	const char *name;
	const char *text;
	size_t len, at;
	size_t line;
	struct err *err;
	unsigned depth; /* of substitutions */
	struct {
		struct span delimiter;
		bool tabs; /* <<-: leading tabs are dropped */
	} heredoc[SCAN_HEREDOCS];
	size_t heredocs;
};

int scan_error(struct scan *s, int code, const char *fmt, ...) _printf_(3, 4);

/* Blanks, continuations and comments; newlines too where asked for. */
void scan_space(struct scan *s, bool newlines);
bool scan_end(const struct scan *s);

/* Takes exactly this text if it is next. */
bool scan_take(struct scan *s, const char *text);

/* The next word of this line; redirections on the way to it are skipped, here-documents noted. */
int scan_word(struct scan *s, struct span *ret);

/* The end of a NAME that starts at `at`; `at` where there is none. */
size_t scan_name(const char *text, size_t at, size_t end);

/* `()` behind a word makes it a function: taken, returns 1. */
int scan_function(struct scan *s, struct span w);

/* Up to `]]`, or up to `))`. */
int scan_test(struct scan *s);
int scan_arithmetic(struct scan *s);

/* Behind a newline: the bodies of the here-documents of that line. */
int scan_heredocs(struct scan *s);

/* At the end: a here-document without a body is an error. */
int scan_pending(struct scan *s);

/*
 * The position behind the construct that starts at text[at]: a quoted stretch, ${…}, $(…), `…`.
 * SIZE_MAX where it has no end. No line is counted.
 */
size_t scan_skip(const char *text, size_t at, size_t len, unsigned depth);

#endif
