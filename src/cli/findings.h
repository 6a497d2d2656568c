/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "base/err.h"
#include "base/json_write.h"
#include "base/str.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stddef.h>

/* A finding of `check` on this machine. */
struct finding {
	bool is_error;     /* a request is not fulfilled; else a note */
	const char *topic; /* "iommu", "hook": one word, for programs */
	char *summary;     /* what is found, and where */
	char *detail;      /* why that matters, and the remedy if no command is one */
	char *command;     /* the command that fixes it, words separated by one blank; or NULL */
	bool fixed;        /* that command was run, and succeeded */
};

/* Zero-initialised is empty. After a failed allocation `failed` is true. */
struct findings {
	struct finding *at;
	size_t n, size;
	bool failed;
};

/* Adds a finding. `command` NULL: none. topic is kept by reference. */
void findings_add(struct findings *f, bool is_error, const char *topic, const char *detail,
	const char *command, const char *fmt, ...) _printf_(6, 7);
void findings_done(struct findings *f);

/* Puts a prefix before the findings from number `from` on; of those that say what an earlier one
 * says, the later is dropped. */
void findings_prefix(struct findings *f, size_t from, const char *prefix);

/* Writes the findings of some topics as text, a line for each part, and reads it back. Unknown
 * topics are ignored. */
void findings_write(const struct findings *f, const char *const *topics, struct text *t);
void findings_read(struct findings *f, const char *const *topics, char *text);

bool findings_hold_wrong(const struct findings *f);

void findings_print(const struct findings *f, struct term *p);
void findings_print_json(const struct findings *f, struct json *j); /* an array, "findings" */

/*
 * Asks `vfio-bootcfg`, on the running system, about the findings it would fix: if the boot files
 * are right already, only a reboot is missing, and the finding says so instead of the command.
 */
void findings_ask_bootcfg(struct findings *f);

/*
 * Runs the commands of the findings, each once, and asks before each unless `yes`. Logs failures
 * and the next step.
 */
enum fix_result {
	FIX_ALL,     /* every error is fixed, or there was none */
	FIX_NOT_ALL, /* an error has no command, or the answer was not y */
	FIX_FAILED,  /* a command failed */
};
enum fix_result findings_fix(struct findings *f, bool yes);

#endif
