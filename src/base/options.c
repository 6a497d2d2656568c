/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/options.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* One option word; *next is the word behind it (or NULL) and is set to NULL when it was used up. */
static int word_take(
	const struct option_row *rows, const char *word, const char **next, struct err *err)
{
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	const char *equals = is_long ? strchr(name, '=') : NULL;
	const struct option_row *row;

	if (is_long)
		row = row_by_name(rows, name, equals ? (size_t)(equals - name) : strlen(name));
	else
		row = name[1] == '\0' ? row_by_letter(rows, name[0]) : NULL;
	if (!row)
		return err_set(err, EINVAL, "%s: no such option; --help lists them", word);
	if (!row->arg) {
		if (equals)
			return err_set(err, EINVAL, "--%s takes no value", row->name);
		return row_take(row, NULL, err);
	}
	if (equals)
		return row_take(row, equals + 1, err);
	if (!*next)
		return err_set(
			err, EINVAL, "--%s needs a value: --%s %s", row->name, row->name, row->arg);
	const char *value = *next;
	*next = NULL;
	return row_take(row, value, err);
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
			int r = word_take(rows, argv[i], &next, err);
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
