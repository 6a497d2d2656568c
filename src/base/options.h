/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The command line of both programs, read from one table. `--name VALUE`, `--name=VALUE`, `-x`,
 * `-xy`, `-x VALUE` and `-xVALUE`; `--` ends the options; options come before and after operands.
 */
struct option_row {
	const char *name; /* without the dashes */
	char letter;      /* one-letter form, or 0 */
	const char *arg;  /* what the value is called in the help, NULL: the option takes none */
	const char *help;
	/* Where it goes, exactly one of: */
	const char **value; /* last one given wins */
	bool *flag;
	int (*add)(void *to, const char *value, struct err *err); /* repeatable, order kept */
	void *to;
};

/*
 * Reads argv[1..argc) by the table (ended by a row without name). Operands are moved to the front
 * of argv[1..] and counted in *ret_operands. -EINVAL with a text for an unknown option, a missing
 * or an unwanted value: nothing may be done then.
 */
int options_read(const struct option_row *rows, int argc, char **argv, int *ret_operands,
	struct err *err) _must_check_;

/*
 * The name that a mistyped word is closest to, or NULL where none is close. name(of, i) gives the
 * names one after the other, and NULL behind the last.
 */
const char *options_closest(
	const char *word, const char *(*name)(const void *of, size_t i), const void *of);

/* Prints the rows as the indented lines of a help text on standard output. */
void options_print(const struct option_row *rows);

#endif
