/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TABLE_H
#define SHARED_TABLE_H

#include "base/err.h"
#include "base/strings.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * A table by libsmartcols, whose columns are as wide as what is in them, in the characters of the
 * terminal; and a sentence behind each row. On a terminal too narrow for both the sentence is
 * wrapped, below a row longer than a word or two (term_row).
 */
struct table_column {
	const char *name; /* NULL for all: no headings */
	bool right;       /* its cells end below each other */
	bool cut;         /* of the last one: sentences are cut where a terminal ends */
};

struct table {
	struct libscols_table *cells;
	struct strings sentences;
	enum style *styles; /* of each sentence's row */
	bool cut;
	bool failed; /* out of memory */
};

/* n columns, of which the last has the sentences. To be emptied with table_done. */
void table_open(struct table *ret, const struct table_column *columns, size_t n);

/* A row: its n - 1 cells, of which NULL is empty, and its sentence. */
void table_row(struct table *t, const char *const *cells, const char *fmt, ...) _printf_(3, 4);

/* Gives the last row a colour, where the terminal has colours. */
void table_style(struct table *t, enum style style);

/* Prints rows and headings, nothing if there is no row. Logs an error if out of memory. */
void table_print(struct table *t, FILE *f);
void table_done(struct table *t);

#endif
