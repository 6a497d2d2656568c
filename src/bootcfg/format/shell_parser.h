/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_PARSER_H
#define BOOTCFG_FORMAT_SHELL_PARSER_H

#include "bootcfg/format/shell_events.h"
#include "bootcfg/format/shell_scan.h"

/*
 * What shell.c keeps in mind while it reads: which constructs are open, and the events so far.
 * Returns are 0, or negative for an error that the scan's err tells with NAME:LINE.
 */
/* What is open: everything inside may or may not be run. */
enum open_kind { OPEN_IF, OPEN_LOOP, OPEN_CASE, OPEN_BRACE, OPEN_PAREN };

#define OPEN_MAX 64

struct shell_parser {
	struct scan s;
	struct shell *out;
	enum open_kind open[OPEN_MAX];
	size_t open_line[OPEN_MAX];
	size_t open_event[OPEN_MAX]; /* the first event inside */
	size_t depth;
	bool closed;     /* behind a `)' no command may start */
	bool guarded;    /* behind && or || of this list */
	size_t pipeline; /* the first event of the pipeline that is being read */
};

/* Whether a word is this text, or one of these (NULL-terminated). */
bool parser_span_is(const struct shell_parser *p, struct span w, const char *text);
bool parser_span_in(const struct shell_parser *p, struct span w, const char *const *names);

/* A construct begins; it ends with `word`, which has to close one of its kind. */
int parser_open(struct shell_parser *p, enum open_kind kind);
int parser_close(struct shell_parser *p, enum open_kind kind, const char *word);

/* One more event; an empty name is none. */
int parser_event(struct shell_parser *p, enum shell_kind kind, struct span name, struct span value,
	bool append);

/* What was assigned from event `first` on was not: it is another process's, or one command's. */
void parser_drop(struct shell_parser *p, size_t first);

/* NAME=, NAME+= or NAME[x]= at the start of w: its parts; false where w is none. */
bool parser_assignment_split(const struct shell_parser *p, struct span w, struct span *name,
	struct span *value, bool *append);

/* The event of w where it is an assignment, else nothing. */
int parser_assignment(struct shell_parser *p, struct span w);

/* ${NAME:=…} and ${NAME=…} assign in passing. */
int parser_expansions(struct shell_parser *p, struct span w);

#endif
