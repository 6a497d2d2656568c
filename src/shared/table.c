/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/table.h"

#include "base/log.h"
#include "base/str.h"
#include "shared/term.h"

#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void table_open(struct table *ret, const struct table_column *columns, size_t n)
{
	*ret = (struct table){.cells = scols_new_table(), .cut = columns[n - 1].cut};
	if (!ret->cells) {
		ret->failed = true;
		return;
	}
	/* Where a line ends is up to term_row. */
	(void)scols_table_set_termforce(ret->cells, SCOLS_TERMFORCE_NEVER);
	(void)scols_table_enable_noheadings(ret->cells, !columns[0].name);
	ret->failed = scols_table_set_column_separator(ret->cells, "  ") < 0;
	for (size_t i = 0; i < n; i++)
		ret->failed |= !scols_table_new_column(ret->cells,
			columns[i].name ? columns[i].name : "", 0,
			columns[i].right ? SCOLS_FL_RIGHT : 0);
}

void table_row(struct table *t, const char *const *cells, const char *fmt, ...)
{
	struct libscols_line *line = t->failed ? NULL : scols_table_new_line(t->cells, NULL);
	char *sentence;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sentence, fmt, ap) < 0)
		sentence = NULL;
	va_end(ap);
	t->failed |= !line || strings_take(&t->sentences, sentence) < 0;
	enum style *more = t->failed ? NULL
				     : reallocarray(t->styles, t->sentences.n, sizeof(*more));
	t->failed |= !more;
	if (t->failed)
		return;
	t->styles = more;
	t->styles[t->sentences.n - 1] = PLAIN;
	for (size_t i = 0; i + 1 < scols_table_get_ncols(t->cells); i++)
		t->failed |= scols_line_set_data(line, i, cells[i]) < 0;
}

void table_style(struct table *t, enum style style)
{
	if (!t->failed && t->sentences.n > 0)
		t->styles[t->sentences.n - 1] = style;
}

/* The widths of characters, and what of them may be printed, are those of UTF-8 in any locale. */
static char *cells_print(const struct table *t)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	locale_t before = utf8 ? uselocale(utf8) : NULL;
	char *text = NULL;

	if (scols_print_table_to_string(t->cells, &text) < 0)
		text = NULL;
	if (utf8) {
		(void)uselocale(before);
		freelocale(utf8);
	}
	return text;
}

/* A sentence of which less than this would be left is not cut. */
#define SENTENCE_MIN 20

static void row_print(const struct table *t, const char *row, size_t i, FILE *f)
{
	const char *sentence = t->sentences.v[i];
	unsigned width = term_terminal(fileno(f));
	struct term p;

	if (!t->cut || width < strlen(row) + SENTENCE_MIN) {
		term_row_styled(f, t->styles[i], row, "%s", sentence);
		return;
	}
	term_open(&p, f, COLOUR_AUTO);
	term_put(&p, t->styles[i], "%s %s", row, sentence);
	term_end(&p);
}

/* Like a row that is too wide they are wrapped. */
static void headings_print(const char *headings, FILE *f)
{
	size_t len = strlen(headings);
	unsigned width = term_terminal(fileno(f));

	if (width == 0 || len <= width)
		fprintf(f, "%s\n", headings);
	else
		term_row(f, headings, "%s", "");
}

/* The column of the sentences is empty, so each line is padded up to there, and two blanks more. */
void table_print(struct table *t, FILE *f)
{
	if (!t->failed && t->sentences.n == 0)
		return;
	_cleanup_(str_free) char *text = t->failed ? NULL : cells_print(t);
	char *rest = text;

	if (!text) {
		log_print(LOG_ERROR, "out of memory: the table cannot be printed");
		return;
	}
	if (!scols_table_is_noheadings(t->cells))
		headings_print(strsep(&rest, "\n"), f);
	for (size_t i = 0; i < t->sentences.n && rest; i++) {
		char *line = strsep(&rest, "\n");
		line[strlen(line) - 1] = '\0'; /* row_print has a blank of its own */
		row_print(t, line, i, f);
	}
}

void table_done(struct table *t)
{
	scols_unref_table(t->cells);
	strings_done(&t->sentences);
	free(t->styles);
	*t = (struct table){0};
}
