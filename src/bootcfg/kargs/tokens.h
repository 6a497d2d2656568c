/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_TOKENS_H
#define BOOTCFG_KARGS_TOKENS_H

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
struct src_byte {
	char c;
	bool unknown;        /* stands for an expansion whose value nobody knows */
	uint8_t context;     /* the format's: how text beside this cell must be written */
	uint8_t out_context; /* and how text behind it, in the field's own text */
	uint16_t file;       /* which text of the format's set it came from */
	size_t begin, end;   /* its own bytes there: what removing it cuts */
	size_t out;          /* where text behind it goes in the field's own text */
};

/* A stretch of words, a variable's value or a line. Fields make up the line in their order. */
struct segment {
	struct src_byte *cell;
	size_t n, size;
	size_t at;       /* where the first word goes while there is none */
	uint8_t context; /* and how it is written there */
	uint16_t file;
	bool needs_space; /* … and what stands before it would run into the word */
	bool ignored;     /* a reader ignores it: removed from, but nothing there is in effect */
};

struct word {
	uint16_t field;
	size_t first, last; /* cells [first, last) */
	char *text;         /* allocated, as the kernel gets it */
	bool unknown;       /* holds an unknown expansion: matches nothing */
};

/* Who splits the words: the kernel itself, or GRUB's script language before it. */
enum dialect { DIALECT_KERNEL, DIALECT_GRUB };

/* Zero-initialised is an empty line. */
struct tokens {
	struct segment *field;
	size_t fields;
	struct word *word;
	size_t words;
	size_t insert_at; /* the field that new words go to */
	enum dialect dialect;
};

void tokens_done(struct tokens *l);

/* A new empty field at the end; NULL when out of memory. Valid until the next call. */
struct segment *tokens_segment(struct tokens *l);
int segment_add(struct segment *f, const struct src_byte *c) _must_check_;

/* Every byte of text[begin, end) of file as a cell of its own: for formats without quoting. */
int segment_add_bytes(
	struct segment *f, const char *text, size_t begin, size_t end, uint16_t file) _must_check_;

/* Finds the words of all fields. -EINVAL for a quote that does not end. */
int tokens_split(struct tokens *l, struct err *err) _must_check_;

/* The index of the first `--`, behind which everything belongs to init; l->words without one. */
size_t tokens_kargs(const struct tokens *l);

#endif
