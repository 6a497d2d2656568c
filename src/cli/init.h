/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "base/str.h"
#include "cli/cards_select.h"
#include "cli/sysroot.h"

#include <stdbool.h>

/* What `init` did, or with --dry-run would do. All by reference. */
struct init_told {
	const char *file;
	bool written, undone;
	bool whole;                /* all that was wanted can be had */
	const char *reason;        /* nothing was written or put back; NULL: it was */
	const struct text *body;   /* the lines of the config, all but its first */
	const struct ctx *s;       /* of that config, NULL: there is none to be written */
	const struct cards *cards; /* NULL: they were not asked about (--import, --undo) */
};

/* Prints it as one object, of which the manual page documents the keys. 0 or -ENOMEM. */
int init_print_json(const struct init_told *t, struct err *err) _must_check_;

#endif
