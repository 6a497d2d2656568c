/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_H
#define BOOTCFG_FORMAT_SHELL_H

#include "base/err.h"
#include "base/str.h"
#include "bootcfg/kargs/tokens.h"

#include <stdbool.h>
#include <stddef.h>

/* What a shell text would assign, in its order. */
enum shell_kind {
	SHELL_ASSIGN, /* NAME=… or NAME+=…, alone or after export, readonly, declare */
	SHELL_ARRAY,  /* NAME=(…) */
	SHELL_UNSET,  /* unset NAME */
	SHELL_READ,   /* a command that may assign NAME another way: read, local, printf -v */
	SHELL_OPAQUE, /* eval, . FILE, source: may do anything to any variable */
	SHELL_LEAVE,  /* exit, return, exec: what follows is not run */
};

struct shell_event {
	enum shell_kind kind;
	char *name;        /* allocated; NULL for OPAQUE and LEAVE. With a subscript: NAME[x] */
	bool append;       /* += */
	bool read_only;    /* by readonly: another assignment would be an error */
	bool conditional;  /* inside if, case, a loop, a function, a subshell, after && or || */
	size_t line;       /* from 1 */
	size_t begin, end; /* the value with its quotes */
};

struct shell {
	struct shell_event *v;
	size_t n;
	bool ends_open; /* the last line has no newline */
};

/*
 * Reads shell text as sh would (POSIX.1-2017, XCU 2; and the parts of bash that these files use),
 * and lists what it would assign. Nothing is ever run. Pure: text in, list out.
 *
 * -EINVAL with `LINE: what` for what is a syntax error to sh: an open quote, an unfinished
 * here-document, an if without fi. `name` is put before the line number.
 */
int shell_read(const char *name, const char *text, size_t len, struct shell *ret,
	struct err *err) _must_check_;
void shell_done(struct shell *s);

/* The context of a src_byte: the quotes around it. */
enum shell_context { SHELL_BARE, SHELL_DOUBLE, SHELL_SINGLE, SHELL_DOLLAR_SINGLE };

/* Writes text in a context: an edit_encode. */
int shell_encode(uint8_t context, const char *text, enum dialect dialect, struct text *ret,
	struct err *err) _must_check_;

/* Writes a word for GRUB's script; -EINVAL: GRUB cannot pass `"`, `'` and `\` to the kernel. */
int grub_encode(const char *word, struct text *ret, struct err *err) _must_check_;

/*
 * A variable while the file is evaluated. Each src_byte has its origin, through any number of
 * expansions: in X="$X quiet" the bytes of the first $X are in the assignment before.
 */
struct shell_var {
	char *name;
	struct segment value;
	bool set;
	bool unknown;      /* assigned, but the value is not known (a condition, eval, read) */
	bool read_only;    /* another assignment would end the shell */
	bool command;      /* a command substitution is part of it */
	bool quotes;       /* … or $'…', and not every sh knows that */
	bool anything;     /* … or an assignment whose value is not known at all */
	struct text maybe; /* words of all possible values, if more than one is possible */
	size_t line;       /* of the last assignment */
	size_t begin, end; /* the value of the last assignment */
	uint16_t file;
};

struct shell_vars {
	struct shell_var *v;
	size_t *slots; /* a hash table of numbers in v, from 1; twice as large as v, or more */
	size_t n_slots;
	size_t n;
	bool bash;   /* the reader knows $'…' and $"…" */
	size_t work; /* bytes that all values took so far */
};

/* What a file may expand to: some 40 lines X="$X$X" would fill any memory. */
#define SHELL_VALUE_MAX ((size_t)64 * 1024)  /* bytes of one value */
#define SHELL_WORK_MAX ((size_t)1024 * 1024) /* of all together */
#define SHELL_DEPTH_MAX 64                   /* of what is nested */

void shell_vars_done(struct shell_vars *vars);
struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name);

/* Returns the variable; a new one is unset, so it is known to be empty. NULL: no memory. */
struct shell_var *shell_var_make(struct shell_vars *vars, const char *name);

/* Evaluates one text; several in turn are files sourced one after another. A variable without an
 * assignment comes from the environment: its expansion is unknown. `name` is for messages. With
 * NAME:LINE -EINVAL for what leaves the file on a condition, -ENODATA for a value that can't be
 * read, or is beyond SHELL_VALUE_MAX and its like. */
int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err) _must_check_;

#endif
