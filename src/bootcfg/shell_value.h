/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SHELL_VALUE_H
#define BOOTCFG_SHELL_VALUE_H

#include "base/str.h"
#include "bootcfg/change.h"
#include "bootcfg/line.h"
#include "bootcfg/shell.h"

/* The context of a cell: which quotes it stands in. */
enum shell_context { SHELL_BARE, SHELL_DOUBLE, SHELL_SINGLE, SHELL_DOLLAR_SINGLE };

/*
 * A variable while the file is gone through. Cells know where they came from, through any number of
 * expansions: in X="$X quiet" the cells of the first $X lie in the assignment before.
 */
struct shell_var {
	char *name;
	struct field value;
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

/* The value of an assignment, text[begin, end): cells, and what is not certain about it. */
struct shell_decoded {
	struct field out;
	bool command, anything; /* as in shell_var */
	struct text maybe;
};
int shell_decode(const struct shell_vars *vars, const char *text, size_t begin, size_t end,
	uint16_t file, struct shell_decoded *ret) _must_check_;
void shell_decoded_done(struct shell_decoded *d);

/* One text goes through; several in turn are files sourced one after another. A variable nobody
 * assigned is the environment's: its expansion is opaque. `name` is for messages. */
int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err) _must_check_;

/* How a word is written in a context: a change_encode. */
int shell_encode(uint8_t context, const char *text, enum dialect dialect, struct text *ret,
	struct err *err) _must_check_;

/* A word for GRUB's script, or -EINVAL: it can't carry `"`, `'` and `\` to the kernel. */
int grub_encode(const char *word, struct text *ret, struct err *err) _must_check_;

#endif
