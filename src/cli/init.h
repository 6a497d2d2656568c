/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "base/json_write.h"
#include "base/str.h"
#include "cli/cards_select.h"
#include "cli/outcome.h"
#include "cli/sysroot.h"

#include <stdbool.h>

/* The result of `init`, or with --dry-run its preview. All by reference. */
struct init_report {
	const char *file;
	bool written, undone;
	bool whole;                      /* all requested devices are possible */
	const char *reason;              /* why nothing was written or restored; NULL: it was */
	const struct text *body;         /* the lines of the config without the first one */
	const struct ctx *s;             /* of that config, NULL: no config to write */
	const struct cards *cards;       /* NULL: not asked for (--import, --undo) */
	const struct outcomes *outcomes; /* of s, NULL without it */
};

/* Prints it as keys of an open object, which are in the manual page. 0 or -ENOMEM. */
int init_json(struct json *j, const struct init_report *t, struct err *err) _must_check_;

#endif
