/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TERM_H
#define SHARED_TERM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Text for people, as wide as the terminal and no wider: 80 columns where there is none, or what
 * COLUMNS says. Lines are cut, phrases are wrapped. What came from a device is printable
 * afterwards: a USB stick may call itself an escape sequence.
 */
struct term {
	FILE *f;
	unsigned width;
	bool coloured;
	unsigned column;
	unsigned indent; /* of this line, and of those that its phrases go on in */
	bool first;      /* no phrase stands on the line yet */
};

enum style { PLAIN, BOLD, FAINT, GOOD, NOTE, BAD };
enum colour_mode { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* "auto", "always" or "never"; `to` is an enum colour_mode. For a row of options. */
int term_set_colour(void *to, const char *value, struct err *err);

/* AUTO: colours on a terminal, unless NO_COLOR or TERM=dumb stands in the environment. */
void term_open(struct term *ret, FILE *f, enum colour_mode mode);

/* Columns of the terminal behind a descriptor, 0 where it is none. */
unsigned term_terminal(int fd);

/* A row of a table, and the sentence behind it: on a terminal that is too narrow for both it is
 * wrapped, and stands below what is longer than a word or two; in a pipe a row is one line, however
 * long. */
void term_row(FILE *f, const char *row, const char *fmt, ...) _printf_(3, 4);

void term_line(struct term *p, unsigned indent); /* ends a line that was begun, begins one */
void term_end(struct term *p);                   /* ends a line that was begun */

/* Adds to the line as much as fits. */
void term_put(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* Adds a phrase, with a comma before it or on a line of its own; only one longer than that is cut.
 */
void term_phrase(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* The same for a sentence: words are wrapped, no comma stands before it. */
void term_words(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* Adds all of it, wider than the page if need be: what is there to be copied is never cut. */
void term_whole(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);

#endif
