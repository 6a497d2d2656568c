/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/term.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TEXT_MAX 1024
#define ROW_INDENT 4
#define WIDTH_MIN 40
#define WIDTH_DEFAULT 80
#define WIDTH_MAX 1000

int term_set_colour(void *to, const char *value, struct err *err)
{
	static const char *const names[] = {"auto", "always", "never"};

	for (unsigned i = 0; i < 3; i++)
		if (str_equal(value, names[i])) {
			*(enum colour_mode *)to = (enum colour_mode)i;
			return 0;
		}
	return err_set(err, EINVAL, "--color %s: write auto, always or never", value);
}

static unsigned width_of(int fd)
{
	struct winsize size;
	const char *wish = secure_getenv("COLUMNS");
	unsigned long width = WIDTH_DEFAULT;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	else if (!wish || !str_decimal(wish, WIDTH_MAX, &width))
		width = WIDTH_DEFAULT;
	return width < WIDTH_MIN ? WIDTH_MIN : (unsigned)width;
}

unsigned term_terminal(int fd)
{
	return isatty(fd) ? width_of(fd) : 0;
}

static bool wants_colour(FILE *f, enum colour_mode mode)
{
	const char *none = secure_getenv("NO_COLOR"), *term = secure_getenv("TERM");

	if (mode != COLOUR_AUTO)
		return mode == COLOUR_ALWAYS;
	return isatty(fileno(f)) && !(none && *none) && term && !str_equal(term, "dumb");
}

void term_open(struct term *ret, FILE *f, enum colour_mode mode)
{
	*ret = (struct term){
		.f = f, .width = width_of(fileno(f)), .coloured = wants_colour(f, mode)};
}

void term_end(struct term *p)
{
	if (p->column > 0)
		putc('\n', p->f);
	p->column = 0;
}

void term_line(struct term *p, unsigned indent)
{
	term_end(p);
	for (unsigned i = 0; i < indent; i++)
		putc(' ', p->f);
	p->column = p->indent = indent;
	p->first = true;
}

/* Only the first byte of a UTF-8 character takes a column. */
static bool takes_column(char c)
{
	return ((unsigned char)c & 0xc0U) != 0x80;
}

static unsigned columns(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += takes_column(*s);
	return n;
}

/* Control characters of ASCII, and those of Unicode (U+0080 to U+009F). */
static bool is_control(const char *c, size_t n)
{
	unsigned char first = (unsigned char)c[0];
	return first < 0x20 || first == 0x7f ||
	       (n == 2 && first == 0xc2 && (unsigned char)c[1] < 0xa0);
}

void term_escape(struct text *to, const char *text)
{
	for (const char *c = text; *c;) {
		size_t n = str_utf8_length(c);
		if (n > 0 && !is_control(c, n)) {
			text_add(to, c, n);
			c += n;
			continue;
		}
		for (size_t i = 0; i < (n ? n : 1); i++)
			text_print(to, "\\x%02x", (unsigned char)*c++);
	}
}

/* C0, DEL, and the C1 controls, which are 0xc2 and 0x80 to 0x9f in UTF-8. */
static void make_printable(char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c == 0x7f)
			*s = '?';
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
			s[0] = s[1] = '?';
	}
}

/* vsnprintf costs more than all the rest of a line: not for a text that is there as a whole. */
_printf_(2, 0) static void format(char text[static TEXT_MAX], const char *fmt, va_list ap)
{
	if (str_equal(fmt, "%s"))
		(void)str_copy(text, TEXT_MAX, va_arg(ap, const char *));
	else if (!strchr(fmt, '%'))
		(void)str_copy(text, TEXT_MAX, fmt);
	else
		(void)vsnprintf(text, TEXT_MAX, fmt, ap);
	make_printable(text);
}

/* The bytes of the first n columns. */
static size_t columns_length(const char *s, unsigned n)
{
	size_t len = 0;

	for (; s[len] && (n > 0 || !takes_column(s[len])); len++)
		n -= takes_column(s[len]);
	return len;
}

/* Writes what fits into the line, in its colour. */
static void put(struct term *p, enum style style, const char *s)
{
	static const char *const codes[] = {"", "1", "2", "32", "33", "31"};
	unsigned room = p->width - p->column, want = columns(s);
	bool cut = want > room;

	if (p->coloured && style != PLAIN)
		fprintf(p->f, "\033[%sm", codes[style]);
	fwrite(s, 1, cut ? columns_length(s, room - (room > 0)) : strlen(s), p->f);
	if (cut && room > 0)
		putc('~', p->f);
	if (p->coloured && style != PLAIN)
		fputs("\033[0m", p->f);
	p->column += cut ? room : want;
}

void term_put(struct term *p, enum style style, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	put(p, style, text);
}

static void next_line(struct term *p)
{
	term_line(p, p->indent);
}

void term_phrase(struct term *p, enum style style, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	if (!p->first) {
		put(p, PLAIN, ",");
		if (p->column + 1 + columns(text) + 1 > p->width)
			next_line(p);
		else
			put(p, PLAIN, " ");
	}
	put(p, style, text);
	p->first = false;
}

void term_words(struct term *p, enum style style, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	char *rest = text, *word;
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (p->column > p->indent) {
			if (p->column + 1 + columns(word) > p->width)
				next_line(p);
			else
				put(p, PLAIN, " ");
		}
		put(p, style, word);
	}
	p->first = false;
}

void term_whole(struct term *p, enum style style, const char *fmt, ...)
{
	char text[TEXT_MAX];
	unsigned width = p->width;
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	p->width = p->column + TEXT_MAX;
	put(p, style, text);
	p->width = width;
}

/* Prints what is before the last line of a row that is wider than the terminal, cut at blanks, and
 * moves *row to the rest. Returns its length. */
static size_t row_begin(struct term *p, enum style style, const char **row, size_t len)
{
	for (;;) {
		size_t fits = columns_length(*row, p->width - p->column), end = fits;
		if (fits >= len)
			return len;
		while (end > 0 && (*row)[end] != ' ')
			end--;
		if (end == 0)
			return len; /* one word: it is cut */
		size_t trimmed = end;
		while (trimmed > 0 && (*row)[trimmed - 1] == ' ')
			trimmed--;
		term_put(p, style, "%.*s", (int)trimmed, *row);
		term_line(p, ROW_INDENT);
		end += strspn(*row + end, " ");
		*row += end;
		len -= end < len ? end : len;
	}
}

_printf_(4, 0) static void row_put(
	FILE *f, enum style style, const char *row, const char *fmt, va_list ap)
{
	unsigned width = term_terminal(fileno(f));
	char text[TEXT_MAX];
	struct term p;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	bool fits = columns(row) + 1 + columns(text) <= width;
	if (width == 0 || (fits && style == PLAIN)) {
		fprintf(f, "%s %s\n", row, text);
		return;
	}
	term_open(&p, f, style == PLAIN ? COLOUR_NEVER : COLOUR_AUTO);
	if (fits) {
		term_whole(&p, style, "%s %s", row, text);
		term_end(&p);
		return;
	}
	term_line(&p, 0);
	size_t len = strlen(row);
	bool beside = columns(row) < width / 3;
	while (!beside && len > 0 && row[len - 1] == ' ')
		len--;
	const char *last = row;
	if (!beside)
		len = row_begin(&p, style, &last, len);
	term_put(&p, style, "%.*s%s", (int)len, last, beside ? " " : "");
	if (beside)
		p.indent = p.column;
	else if (last == row)
		term_line(&p, ROW_INDENT);
	else if (text[0])
		term_put(&p, PLAIN, " ");
	term_words(&p, style, "%s", text);
	term_end(&p);
}

void term_row(FILE *f, const char *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	row_put(f, PLAIN, row, fmt, ap);
	va_end(ap);
}

void term_row_styled(FILE *f, enum style style, const char *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	row_put(f, style, row, fmt, ap);
	va_end(ap);
}
