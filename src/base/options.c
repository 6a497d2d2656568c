/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/options.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 40 /* of a word that is compared with the known names */

static const struct option_row *row_by_name(
	const struct option_row *rows, const char *name, size_t len)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

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

static int unknown_option(
	const struct option_row *rows, const char *word, size_t len, struct err *err)
{
	char name[NAME_MAX_LEN + 1] = "";
	const char *closest = NULL;

	if (word[1] == '-' && len < sizeof(name)) {
		memcpy(name, word + 2, len);
		closest = options_closest(name, row_name, rows);
	}
	if (closest)
		return err_set(err, EINVAL, "unknown option %s; did you mean --%s?", word, closest);
	return err_set(err, EINVAL, "unknown option %s; --help lists them", word);
}

static int missing_value(const struct option_row *row, struct err *err)
{
	return err_set(err, EINVAL, "--%s needs a value: --%s %s", row->name, row->name, row->arg);
}

/* --NAME, --NAME=VALUE, --NAME VALUE; *next as below. */
static int long_word_take(
	const struct option_row *rows, const char *word, const char **next, struct err *err)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct option_row *row = row_by_name(rows, name, len);

	if (!row)
		return unknown_option(rows, word, len, err);
	if (!row->arg && value)
		return err_set(err, EINVAL, "--%s takes no value", row->name);
	if (row->arg && !value) {
		value = *next;
		*next = NULL;
		if (!value)
			return missing_value(row, err);
	}
	return row_take(row, value, err);
}

/* -x, -xy, -cVALUE, -xc VALUE: the first letter that takes a value takes the rest of the word, or
 * *next, the following word (or NULL), which is set to NULL when used. */
static int letters_take(
	const struct option_row *rows, const char *word, const char **next, struct err *err)
{
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option_row *row = row_by_letter(rows, *letter);
		if (!row)
			return unknown_option(rows, word, 0, err);
		if (!row->arg) {
			int r = row_take(row, NULL, err);
			if (r < 0)
				return r;
			continue;
		}
		const char *value = letter[1] ? letter + 1 : *next;
		if (!letter[1])
			*next = NULL;
		return value ? row_take(row, value, err) : missing_value(row, err);
	}
	return 0;
}

int options_read(
	const struct option_row *rows, int argc, char **argv, int *ret_operands, struct err *err)
{
	int operands = 0;
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		if (!ended && str_equal(argv[i], "--")) {
			ended = true;
		} else if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[1 + operands++] = argv[i];
		} else {
			bool had = i + 1 < argc;
			const char *next = had ? argv[i + 1] : NULL;
			int r = argv[i][1] == '-' ? long_word_take(rows, argv[i], &next, err)
						  : letters_take(rows, argv[i], &next, err);
			if (r < 0)
				return r;
			if (had && !next)
				i++;
		}
	}
	*ret_operands = operands;
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
