/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_VERBS_H
#define BOOTCFG_VERBS_H

#include "bootcfg/asked.h"

#include <stdio.h>

/* How a verb ended; the main makes an exit code of it. */
enum verb_result {
	VERB_DONE,      /* 0: done, or nothing to do */
	VERB_FAILED,    /* 1: failed, and nothing is changed; err says why */
	VERB_USAGE,     /* 2: a value that is none; err says what */
	VERB_OWNED,     /* 3: somebody else owns the command line; err has their command */
	VERB_AMBIGUOUS, /* 4: err lists what was found */
	VERB_BROKEN,    /* 5: the edit is in place and the boot files are not made */
	VERB_DIFFERS,   /* 10: something would change */
};

/* Each prints data on f and tells its story through the log; err is for why it failed. */
enum verb_result verb_edit(struct asked *a, const struct root *r, FILE *f, struct err *err);
enum verb_result verb_status(const struct asked *a, const struct root *r, FILE *f, struct err *err);
/* id: the number of a change, NULL for the last one. */
enum verb_result verb_undo(
	const struct asked *a, const struct root *r, const char *id, FILE *f, struct err *err);
/* The words of the last trial for good, and its entry away. */
enum verb_result verb_confirm(struct asked *a, const struct root *r, FILE *f, struct err *err);
enum verb_result verb_history(const struct root *r, FILE *f, struct err *err);

/* What a negative return of loaders_find(), plan_commit() or the journal comes to. */
enum verb_result verb_failure(int rc);

/* Tools run on the running system, by root, unless they are not wanted. */
bool verb_runs_tools(const struct asked *a, const struct root *r);

/* Notes for a person, where they are wanted. */
void verb_notes(const struct asked *a, const struct strings *notes);

#endif
