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
	const char *arg;  /* name of the value in the help; NULL: takes no value */
	const char *help;
	/* The destination, exactly one of: */
	const char **value; /* the last one given wins */
	bool *flag;
	int (*add)(void *to, const char *value, struct err *err); /* repeatable, order kept */
	void *to;
};

/*
 * Parses argv[1..argc) with the table (ended by a row without name). Operands are moved to the
 * front of argv[1..] and counted in *ret_operands. -EINVAL with a text for an unknown option, a
 * missing or an unexpected value: then the caller must not act.
 */
int options_read(const struct option_row *rows, int argc, char **argv, int *ret_operands,
	struct err *err) _must_check_;

/*
 * The name closest to a mistyped word, or NULL if none is close. name(of, i) returns the names by
 * index, and NULL after the last.
 */
const char *options_closest(
	const char *word, const char *(*name)(const void *of, size_t i), const void *of);

/* Prints the rows as the indented lines of a help text on standard output. */
void options_print(const struct option_row *rows);

#endif
