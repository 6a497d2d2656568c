/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_RUN_H
#define BOOTCFG_FORMAT_SHELL_RUN_H

#include "base/str.h"
#include "bootcfg/format/shell.h"
#include "bootcfg/kargs/tokens.h"

/*
 * A variable while the file is gone through. Cells know where they came from, through any number of
 * expansions: in X="$X quiet" the cells of the first $X lie in the assignment before.
 */
struct shell_var {
	char *name;
	struct segment value;
	bool set;
	bool unknown;   /* assigned where nobody can tell (a condition, eval, read) */
	bool read_only; /* another assignment would end the shell */
	bool command;   /* a command substitution is part of it */
	bool anything;  /* … or assigned in a way that tells nothing of its value */
	struct text
		maybe; /* words of all the values it may have, where more than one is possible */
	size_t line;   /* of the last assignment */
	size_t begin, end; /* the last assignment's value */
	uint16_t file;
};

struct shell_vars {
	struct shell_var *v;
	size_t n;
};
void shell_vars_done(struct shell_vars *vars);
struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name);

/* The variable, made unset where it is new: one that is known to be empty. NULL: no memory. */
struct shell_var *shell_var_make(struct shell_vars *vars, const char *name);

/* One text goes through; several in turn are files sourced one after another. A variable nobody
 * assigned is the environment's: its expansion is opaque. `name` is for messages. */
int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err) _must_check_;

#endif
