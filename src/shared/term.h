/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TERM_H
#define SHARED_TERM_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Output that is no wider than the terminal: 80 columns without one, or the value of COLUMNS. Lines
 * are cut, phrases are wrapped. Text from devices is made printable: the name of a USB stick may be
 * an escape sequence.
 */
struct term {
	FILE *f;
	unsigned width;
	bool coloured;
	unsigned column;
	unsigned indent; /* of this line, and of its continuation lines */
	bool first;      /* the line has no phrase yet */
};

enum style { PLAIN, BOLD, FAINT, GOOD, NOTE, BAD };
enum colour_mode { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* "auto", "always" or "never"; `to` is an enum colour_mode. For an option row. */
int term_set_colour(void *to, const char *value, struct err *err);

/* AUTO: colours on a terminal, unless NO_COLOR or TERM=dumb is in the environment. */
void term_open(struct term *ret, FILE *f, enum colour_mode mode);

/* Adds a text from a stranger's file: control characters and what is not valid UTF-8 become \xHH,
 * so that it is one line and no terminal acts on it. */
void term_escape(struct text *to, const char *text);

/* Columns of the terminal of a descriptor, 0 if it is not a terminal. */
unsigned term_terminal(int fd);

/*
 * Prints a table row followed by a sentence. On a terminal too narrow for both, the sentence is
 * wrapped, and starts below a row longer than a word or two; a row wider than the terminal is
 * wrapped too. In a pipe each row is one line, however long.
 */
void term_row(FILE *f, const char *row, const char *fmt, ...) _printf_(3, 4);
/* The same in a colour, where the terminal has colours (COLOUR_AUTO). */
void term_row_styled(FILE *f, enum style style, const char *row, const char *fmt, ...)
	_printf_(4, 5);

void term_line(struct term *p, unsigned indent); /* ends a started line, starts one */
void term_end(struct term *p);                   /* ends a started line */

/* Adds to the line as much as fits. */
void term_put(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* Adds a phrase, after a comma or on a line of its own; only one longer than a line is cut. */
void term_phrase(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* The same for a sentence: words are wrapped, without a comma before it. */
void term_words(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);
/* Adds the whole text, even beyond the width: text meant for copying is never cut. */
void term_whole(struct term *p, enum style style, const char *fmt, ...) _printf_(3, 4);

#endif
