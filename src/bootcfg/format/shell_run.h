/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_RUN_H
#define BOOTCFG_FORMAT_SHELL_RUN_H

#include "base/str.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/tokens.h"

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
	bool anything;     /* … or an assignment whose value is not known at all */
	struct text maybe; /* words of all possible values, if more than one is possible */
	size_t line;       /* of the last assignment */
	size_t begin, end; /* the value of the last assignment */
	uint16_t file;
};

struct shell_vars {
	struct shell_var *v;
	size_t n;
};
void shell_vars_done(struct shell_vars *vars);
struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name);

/* Returns the variable; a new one is unset, so it is known to be empty. NULL: no memory. */
struct shell_var *shell_var_make(struct shell_vars *vars, const char *name);

/* Evaluates one text; several in turn are files sourced one after another. A variable without an
 * assignment comes from the environment: its expansion is unknown. `name` is for messages. */
int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err) _must_check_;

#endif
