/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_COMMANDS_H
#define BOOTCFG_COMMANDS_H

#include "bootcfg/args.h"

#include <stdio.h>

/* The result of a command; main() maps it to an exit code. */
enum cmd_result {
	CMD_DONE,              /* 0: done, or nothing to do */
	CMD_FAILED,            /* 1: failed, and nothing is changed; err says why */
	CMD_USAGE,             /* 2: invalid value; err says which */
	CMD_MANAGED,           /* 3: another tool manages the command line; err has its command */
	CMD_AMBIGUOUS,         /* 4: err lists what was found */
	CMD_REGENERATE_FAILED, /* 5: the sources are edited, the boot files are not generated */
	CMD_DIFFERS,           /* 10: something would change */
};

/* Each prints data to f and messages to the log; err has the reason of a failure. */
enum cmd_result cmd_edit(struct args *a, const struct root *r, FILE *f, struct err *err);
enum cmd_result cmd_status(const struct args *a, const struct root *r, FILE *f, struct err *err);
/* id: the number of a change, NULL for the last one. */
enum cmd_result cmd_undo(
	const struct args *a, const struct root *r, const char *id, FILE *f, struct err *err);
/* Makes the parameters of the last trial permanent and removes its entry. */
enum cmd_result cmd_confirm(struct args *a, const struct root *r, FILE *f, struct err *err);
enum cmd_result cmd_history(const struct args *a, const struct root *r, FILE *f, struct err *err);

/* Maps a negative return of loaders_find(), edit_set_commit() or the journal. */
enum cmd_result cmd_failure(int rc);

/* True if tools are run: on the running system, as root, unless --no-regen is given. */
bool cmd_runs_tools(const struct args *a, const struct root *r);

/* Prints notes for the user, unless --quiet is given. */
void cmd_notes(const struct args *a, const struct strings *notes);

#endif
