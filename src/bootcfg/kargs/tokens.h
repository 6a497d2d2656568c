/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_TOKENS_H
#define BOOTCFG_KARGS_TOKENS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A kernel command line with its position in files. Every format decodes its text into src_bytes:
 * one byte as the reader gets it, and the range of the file it comes from. Words are ranges of
 * src_bytes, so removing a word cuts only the ranges of its bytes: quotes, escapes, continuations,
 * comments and all other bytes stay.
 */
struct src_byte {
	char c;
	bool unknown;        /* an expansion whose value is not known */
	uint8_t context;     /* of the format: how adjacent text must be written */
	uint8_t out_context; /* … and text after it, in the segment's own text */
	uint16_t file;       /* the file of the format's set it comes from */
	size_t begin, end;   /* its bytes in that file: the range that its removal cuts */
	size_t out;          /* where text after it goes in the segment's own text */
};

/* A value of a variable, or a line. The segments in order are the command line. */
struct segment {
	struct src_byte *cell;
	size_t n, size;
	size_t at;       /* where the first word is inserted if there is none */
	uint8_t context; /* … and how it is written there */
	uint16_t file;
	bool needs_space; /* … and text before it would join the word */
	bool ignored;     /* a reader ignores it: words are removed, but none has an effect */
};

struct word {
	uint16_t field;
	size_t first, last; /* src_bytes [first, last) */
	char *text;         /* allocated, as the kernel gets it */
	bool unknown;       /* contains an unknown expansion: matches nothing */
};

/* What splits the words: the kernel itself, or GRUB's script language before it. */
enum dialect { DIALECT_KERNEL, DIALECT_GRUB };

/* Zero-initialised is an empty command line. */
struct tokens {
	struct segment *field;
	size_t fields;
	struct word *word;
	size_t words;
	size_t insert_at; /* the segment for new words */
	enum dialect dialect;
};

void tokens_done(struct tokens *l);

/* Adds an empty segment at the end; NULL: no memory. Valid until the next call. */
struct segment *tokens_segment(struct tokens *l);
int segment_add(struct segment *f, const struct src_byte *c) _must_check_;

/* Adds every byte of text[begin, end) of file as a src_byte: for formats without quoting. */
int segment_add_bytes(
	struct segment *f, const char *text, size_t begin, size_t end, uint16_t file) _must_check_;

/* Splits all segments into words. -EINVAL for an unclosed quote. */
int tokens_split(struct tokens *l, struct err *err) _must_check_;

/* The index of the first `--`, after which everything belongs to init; l->words without one. */
size_t tokens_kargs(const struct tokens *l);

#endif
