/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_COMMANDS_H
#define BOOTCFG_COMMANDS_H

#include "bootcfg/args.h"

#include <stdio.h>

/* How a verb ended; the main makes an exit code of it. */
enum cmd_result {
	CMD_DONE,              /* 0: done, or nothing to do */
	CMD_FAILED,            /* 1: failed, and nothing is changed; err says why */
	CMD_USAGE,             /* 2: a value that is none; err says what */
	CMD_MANAGED,           /* 3: somebody else owns the command line; err has their command */
	CMD_AMBIGUOUS,         /* 4: err lists what was found */
	CMD_REGENERATE_FAILED, /* 5: the edit is in place and the boot files are not made */
	CMD_DIFFERS,           /* 10: something would change */
};

/* Each prints data on f and tells its story through the log; err is for why it failed. */
enum cmd_result cmd_edit(struct args *a, const struct root *r, FILE *f, struct err *err);
enum cmd_result cmd_status(const struct args *a, const struct root *r, FILE *f, struct err *err);
/* id: the number of a change, NULL for the last one. */
enum cmd_result cmd_undo(
	const struct args *a, const struct root *r, const char *id, FILE *f, struct err *err);
/* The words of the last trial for good, and its entry away. */
enum cmd_result cmd_confirm(struct args *a, const struct root *r, FILE *f, struct err *err);
enum cmd_result cmd_history(const struct root *r, FILE *f, struct err *err);

/* What a negative return of loaders_find(), edit_set_commit() or the journal comes to. */
enum cmd_result cmd_failure(int rc);

/* Tools run on the running system, by root, unless they are not wanted. */
bool cmd_runs_tools(const struct args *a, const struct root *r);

/* Notes for a person, where they are wanted. */
void cmd_notes(const struct args *a, const struct strings *notes);

#endif
