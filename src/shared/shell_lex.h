/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_SHELL_LEX_H
#define SHARED_SHELL_LEX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The lexer of shell.c: words with all their quotes, and the text skipped between them. Returns are
 * 1 if found, 0 if not, negative for a syntax error with NAME:LINE.
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

/* Skips blanks, continuations and comments; newlines too if requested. */
void scan_space(struct scan *s, bool newlines);
bool scan_end(const struct scan *s);

/* Takes exactly this text if it is next. */
bool scan_take(struct scan *s, const char *text);

/* Reads the next word of this line; skips redirections before it, notes here-documents. */
int scan_word(struct scan *s, struct span *ret);

/* The end of a NAME that starts at `at`; `at` if there is none. */
size_t scan_name(const char *text, size_t at, size_t end);

/* `()` after a word makes it a function: skips it, returns 1. */
int scan_function(struct scan *s, struct span w);

/* Skips to `]]`, or to `))`. */
int scan_test(struct scan *s);
int scan_arithmetic(struct scan *s);

/* After a newline: skips the bodies of the here-documents of that line. */
int scan_heredocs(struct scan *s);

/* At the end: a here-document without a body is an error. */
int scan_pending(struct scan *s);

/*
 * The position after the construct that starts at text[at]: a quoted string, ${…}, $(…), `…`.
 * SIZE_MAX if it has no end. Does not count lines.
 */
size_t scan_skip(const char *text, size_t at, size_t len, unsigned depth);

#endif
