/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LINE_H
#define BOOTCFG_LINE_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A kernel command line as it lies in files. Every format decodes its text into cells: one byte as
 * the reader gets it, and the stretch of the file it came from. Words are found over cells, so a
 * word is removed by cutting the stretches of its cells and all other bytes stay: quotes, escapes,
 * continuations, comments.
 */
struct cell {
	char c;
	bool opaque;         /* stands for an expansion whose value nobody knows */
	uint8_t context;     /* the format's: how text beside this cell must be written */
	uint8_t out_context; /* and how text behind it, in the field's own text */
	uint16_t file;       /* which text of the format's set it came from */
	size_t begin, end;   /* its own bytes there: what removing it cuts */
	size_t out;          /* where text behind it goes in the field's own text */
};

/* A stretch of words, a variable's value or a line. Fields make up the line in their order. */
struct field {
	struct cell *cell;
	size_t n, size;
	size_t at;       /* where the first word goes while there is none */
	uint8_t context; /* and how it is written there */
	uint16_t file;
	bool glued;  /* … and what stands before it would run into the word */
	bool unseen; /* a reader ignores it: removed from, but nothing there is in effect */
};

struct word {
	uint16_t field;
	size_t first, last; /* cells [first, last) */
	char *text;         /* allocated, as the kernel gets it */
	bool opaque;        /* holds an unknown expansion: matches nothing */
};

/* Who splits the words: the kernel itself, or GRUB's script language before it. */
enum dialect { DIALECT_KERNEL, DIALECT_GRUB };

/* Zero-initialised is an empty line. */
struct line {
	struct field *field;
	size_t fields;
	struct word *word;
	size_t words;
	size_t home; /* the field that new words go to */
	enum dialect dialect;
};

void line_done(struct line *l);

/* A new empty field at the end; NULL when out of memory. Valid until the next call. */
struct field *line_field(struct line *l);
int field_add(struct field *f, const struct cell *c) _must_check_;

/* Every byte of text[begin, end) of file as a cell of its own: for formats without quoting. */
int field_add_bytes(
	struct field *f, const char *text, size_t begin, size_t end, uint16_t file) _must_check_;

/* Finds the words of all fields. -EINVAL for a quote that does not end. */
int line_split(struct line *l, struct err *err) _must_check_;

/* The index of the first `--`, behind which everything belongs to init; l->words without one. */
size_t line_kernel_words(const struct line *l);

#endif
