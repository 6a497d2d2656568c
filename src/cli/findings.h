/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "base/err.h"
#include "base/json_write.h"
#include "base/str.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stddef.h>

/* A thing that `check` has found on this machine. */
struct finding {
	bool is_error;     /* something that is asked for doesn't hold; else a mere remark */
	const char *topic; /* "iommu", "hook": one word, for programs */
	char *summary;     /* what is there, and where */
	char *detail;      /* why that matters, and what mends it where no command does */
	char *command;     /* the one command that mends it, words with a blank between; or NULL */
	bool fixed;        /* that command was run, and ended well */
};

/* Zero-initialised is empty. After a failed allocation `failed` is true. */
struct findings {
	struct finding *at;
	size_t n, size;
	bool failed;
};

/* Adds one. `command` NULL: none. topic is kept by reference. */
void findings_add(struct findings *f, bool is_error, const char *topic, const char *detail,
	const char *command, const char *fmt, ...) _printf_(6, 7);
void findings_done(struct findings *f);

/* As a text, a line for each part of each of some topics; and back. Of topics that are not known
 * nothing is read. */
void findings_write(const struct findings *f, const char *const *topics, struct text *t);
void findings_read(struct findings *f, const char *const *topics, char *text);

bool findings_hold_wrong(const struct findings *f);

void findings_print(const struct findings *f, struct term *p);
void findings_print_json(const struct findings *f, struct json *j); /* an array, "findings" */

/*
 * What `vfio-bootcfg` would mend is asked of it, on the running system: where the boot files have
 * it right already, only the reboot is missing, and the finding says so in place of the command.
 */
void findings_ask_bootcfg(struct findings *f);

/*
 * Runs the commands of the findings, each once, and asks before each unless `yes`. Tells of what
 * failed, and what is to be done afterwards.
 */
enum fix_result {
	FIX_ALL,     /* all that is wrong is mended, as far as commands can: or nothing was wrong */
	FIX_NOT_ALL, /* something that is wrong has no command, or no y for an answer */
	FIX_FAILED,  /* a command failed */
};
enum fix_result findings_fix(struct findings *f, bool yes);

#endif
