/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/options.h"

#include "base/str.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 40 /* of a word that is compared with the known names */
#define ROWS_MAX 64

static const struct option_row *row_by_letter(const struct option_row *rows, char letter)
{
	for (; rows->name; rows++)
		if (rows->letter == letter && letter != 0)
			return rows;
	return NULL;
}

static int row_take(const struct option_row *row, const char *value, struct err *err)
{
	if (row->flag)
		*row->flag = true;
	if (row->value)
		*row->value = value;
	return row->add ? row->add(row->to, value, err) : 0;
}

/* Levenshtein distance of two words, in a single row. UINT_MAX for words that are too long. */
static unsigned word_distance(const char *a, const char *b)
{
	unsigned char row[NAME_MAX_LEN + 1];
	size_t n = strlen(b);

	if (n > NAME_MAX_LEN || strlen(a) > NAME_MAX_LEN)
		return UINT_MAX;
	for (size_t k = 0; k <= n; k++)
		row[k] = (unsigned char)k;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned char diagonal = row[0];
		row[0] = (unsigned char)i;
		for (size_t k = 1; k <= n; k++) {
			unsigned char above = row[k];
			unsigned least = diagonal + (a[i - 1] != b[k - 1]);
			if (above + 1U < least)
				least = above + 1U;
			if (row[k - 1] + 1U < least)
				least = row[k - 1] + 1U;
			row[k] = (unsigned char)least;
			diagonal = above;
		}
	}
	return row[n];
}

const char *options_closest(
	const char *word, const char *(*name)(const void *of, size_t i), const void *of)
{
	const char *closest = NULL;
	size_t least = 3; /* two errors, in no more than half of its letters */

	for (size_t i = 0; name(of, i); i++) {
		size_t distance = word_distance(word, name(of, i));
		if (distance < least && 2 * distance <= strlen(word)) {
			closest = name(of, i);
			least = distance;
		}
	}
	return closest;
}

static const char *row_name(const void *of, size_t i)
{
	const struct option_row *rows = of;

	return rows[i].name;
}

/* What getopt_long returns for rows[i]: no letter. */
#define ROW_VALUE(i) (256 + (int)(i))

static const struct option_row *row_of(const struct option_row *rows, int value)
{
	return value >= ROW_VALUE(0) ? &rows[value - ROW_VALUE(0)]
				     : row_by_letter(rows, (char)value);
}

static int unknown_option(const struct option_row *rows, const char *word, struct err *err)
{
	char name[NAME_MAX_LEN + 1] = "";
	size_t len = strcspn(word + 2, "=");
	const char *closest = NULL;

	if (len < sizeof(name)) {
		memcpy(name, word + 2, len);
		closest = options_closest(name, row_name, rows);
	}
	if (closest)
		return err_set(err, EINVAL, "unknown option %s; did you mean --%s?", word, closest);
	return err_set(err, EINVAL, "unknown option %s; --help lists them", word);
}

/* A name that no option has, or that more than one begins with. */
static int no_such_name(const struct option_row *rows, const char *word, struct err *err)
{
	size_t len = strcspn(word + 2, "=");
	const char *first = NULL;

	for (const struct option_row *row = rows; len > 0 && row->name; row++) {
		if (strncmp(row->name, word + 2, len) != 0)
			continue;
		if (first)
			return err_set(err, EINVAL, "option %s is ambiguous: --%s or --%s", word,
				first, row->name);
		first = row->name;
	}
	return unknown_option(rows, word, err);
}

/* word: the one before optind, in which getopt_long found what it refuses. */
static int refuse(const struct option_row *rows, int what, const char *word, struct err *err)
{
	if (optopt == 0)
		return no_such_name(rows, word, err);
	const struct option_row *row = row_of(rows, optopt);
	if (!row)
		return err_set(err, EINVAL, "unknown option -%c; --help lists them",
			optopt > ' ' && optopt < 127 ? optopt : '?');
	if (what == ':')
		return err_set(
			err, EINVAL, "--%s needs a value: --%s %s", row->name, row->name, row->arg);
	return err_set(err, EINVAL, "--%s takes no value", row->name);
}

/* The rows as getopt_long takes them. ':' before the letters: it prints nothing itself. */
static void rows_convert(const struct option_row *rows, struct option longs[ROWS_MAX + 1],
	char letters[2 * ROWS_MAX + 2])
{
	*letters++ = ':';
	for (size_t i = 0; i < ROWS_MAX && rows[i].name; i++) {
		*longs++ = (struct option){
			.name = rows[i].name, .has_arg = rows[i].arg != NULL, .val = ROW_VALUE(i)};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].arg)
			*letters++ = ':';
	}
	*longs = (struct option){0};
	*letters = '\0';
}

int options_read(
	const struct option_row *rows, int argc, char **argv, int *ret_operands, struct err *err)
{
	struct option longs[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 2];
	int value;

	rows_convert(rows, longs, letters);
	optind = 0; /* from the beginning, in glibc and musl */
	opterr = 0;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (value == '?' || value == ':')
			return refuse(rows, value, argv[optind - 1], err);
		int r = row_take(row_of(rows, value), optarg, err);
		if (r < 0)
			return r;
	}
	*ret_operands = argc - optind;
	memmove(&argv[1], &argv[optind], (size_t)*ret_operands * sizeof(*argv));
	return 0;
}

void options_print(const struct option_row *rows)
{
	for (; rows->name; rows++) {
		char left[64];
		(void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s", rows->letter ? "-" : "  ",
			rows->letter ? rows->letter : ' ', rows->letter ? ", " : " ", rows->name,
			rows->arg ? " " : "", rows->arg ? rows->arg : "");
		printf("  %-30s %s\n", left, rows->help);
	}
}
