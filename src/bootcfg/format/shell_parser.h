/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_PARSER_H
#define BOOTCFG_FORMAT_SHELL_PARSER_H

#include "bootcfg/format/shell_events.h"
#include "bootcfg/format/shell_scan.h"

/*
 * The parser state of shell.c: open constructs and the events so far. Returns are 0, or negative
 * for an error that the scan's err has with NAME:LINE.
 */
/* An open construct: everything inside may or may not be run. */
enum open_kind { OPEN_IF, OPEN_LOOP, OPEN_CASE, OPEN_BRACE, OPEN_PAREN };

#define OPEN_MAX 64

struct shell_parser {
	struct scan s;
	struct shell *out;
	enum open_kind open[OPEN_MAX];
	size_t open_line[OPEN_MAX];
	size_t open_event[OPEN_MAX]; /* the first event inside */
	size_t depth;
	bool closed;     /* after a `)' no command may start */
	bool guarded;    /* after && or || of this list */
	size_t pipeline; /* the first event of the current pipeline */
};

/* True if a word equals this text, or one of these (NULL-terminated). */
bool parser_span_is(const struct shell_parser *p, struct span w, const char *text);
bool parser_span_in(const struct shell_parser *p, struct span w, const char *const *names);

/* Opens a construct; closes it with `word`, which has to match its kind. */
int parser_open(struct shell_parser *p, enum open_kind kind);
int parser_close(struct shell_parser *p, enum open_kind kind, const char *word);

/* Adds an event; an empty name becomes NULL. */
int parser_event(struct shell_parser *p, enum shell_kind kind, struct span name, struct span value,
	bool append);

/* Drops the assignments from event `first` on: they are those of another process, or of one
 * command. */
void parser_drop(struct shell_parser *p, size_t first);

/* Splits NAME=, NAME+= or NAME[x]= at the start of w into its parts; false if w is not an
 * assignment. */
bool parser_assignment_split(const struct shell_parser *p, struct span w, struct span *name,
	struct span *value, bool *append);

/* Adds the event of w if it is an assignment. */
int parser_assignment(struct shell_parser *p, struct span w);

/* ${NAME:=…} and ${NAME=…} assign, too. */
int parser_expansions(struct shell_parser *p, struct span w);

#endif
