/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/shell_lex.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 64

int scan_error(struct scan *s, int code, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(s->err, code, "%s:%zu: %s", s->name, s->line, text);
}

static bool name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

size_t scan_name(const char *text, size_t at, size_t end)
{
	size_t i = at;

	while (i < end && name_char(text[i], i == at))
		i++;
	return i;
}

bool scan_end(const struct scan *s)
{
	return s->at >= s->len;
}

static char peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static void move_to(struct scan *s, size_t at)
{
	for (; s->at < at; s->at++)
		s->line += s->text[s->at] == '\n';
}

void scan_space(struct scan *s, bool newlines)
{
	for (;;) {
		if (peek(s, 0) == ' ' || peek(s, 0) == '\t' || (newlines && peek(s, 0) == '\n'))
			move_to(s, s->at + 1);
		else if (peek(s, 0) == '\\' && peek(s, 1) == '\n')
			move_to(s, s->at + 2);
		else if (peek(s, 0) == '#')
			while (s->at < s->len && s->text[s->at] != '\n')
				s->at++;
		else
			return;
	}
}

bool scan_take(struct scan *s, const char *text)
{
	size_t len = strlen(text);

	if (s->len - s->at < len || memcmp(s->text + s->at, text, len) != 0)
		return false;
	move_to(s, s->at + len);
	return true;
}

/* Skips to after the closing character, over quotes and substitutions inside. */
static size_t skip_nested(const char *text, size_t at, size_t len, char close, unsigned depth)
{
	unsigned parens = 0;
	bool word_start = true;

	while (at < len) {
		char c = text[at];
		if (c == close && parens == 0)
			return at + 1;
		if (close == ')' && word_start && c == '#') {
			while (at < len && text[at] != '\n')
				at++;
			continue;
		}
		word_start = c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '(';
		/* A here-document in a substitution could contain anything: not supported. */
		if (close == ')' && c == '<' && at + 1 < len && text[at + 1] == '<')
			return SIZE_MAX;
		if (close == ')' && (c == '(' || c == ')'))
			parens += c == '(' ? 1U : -1U;
		size_t next = scan_skip(text, at, len, depth + 1);
		if (next == SIZE_MAX)
			return SIZE_MAX;
		at = next;
	}
	return SIZE_MAX;
}

static size_t skip_quoted(const char *text, size_t at, size_t len, unsigned depth)
{
	for (at++; at < len && text[at] != '"';) {
		if (text[at] == '\\') {
			at += 2;
		} else if (text[at] == '$' || text[at] == '`') {
			size_t next = at + 1 < len && (text[at + 1] == '\'' || text[at + 1] == '"')
					      ? at + 1
					      : scan_skip(text, at, len, depth + 1);
			if (next == SIZE_MAX)
				return SIZE_MAX;
			at = next;
		} else {
			at++;
		}
	}
	return at < len ? at + 1 : SIZE_MAX;
}

static size_t skip_until(const char *text, size_t at, size_t len, char close, bool escapes)
{
	for (; at < len && text[at] != close; at++)
		if (escapes && text[at] == '\\')
			at++;
	return at < len ? at + 1 : SIZE_MAX;
}

size_t scan_skip(const char *text, size_t at, size_t len, unsigned depth)
{
	char next = at + 1 < len ? text[at + 1] : '\0';

	if (depth > DEPTH_MAX)
		return SIZE_MAX;
	switch (text[at]) {
	case '\\':
		return next ? at + 2 : SIZE_MAX;
	case '\'':
		return skip_until(text, at + 1, len, '\'', false);
	case '"':
		return skip_quoted(text, at, len, depth);
	case '`':
		return skip_until(text, at + 1, len, '`', true);
	case '$':
		if (next == '(')
			return skip_nested(text, at + 2, len, ')', depth);
		if (next == '{')
			return skip_nested(text, at + 2, len, '}', depth);
		if (next == '\'')
			return skip_until(text, at + 2, len, '\'', true);
		return at + 1;
	default:
		return at + 1;
	}
}

/* NAME=( opens an array of bash; returns the position after it, or 0. */
static size_t array_open(const struct scan *s, size_t begin)
{
	size_t i = scan_name(s->text, begin, s->len);

	if (i == begin)
		return 0;
	i += i < s->len && s->text[i] == '+';
	return i + 1 < s->len && s->text[i] == '=' && s->text[i + 1] == '(' ? i + 2 : 0;
}

static int word_read(struct scan *s, struct span *ret)
{
	size_t begin = s->at, line = s->line;
	size_t array = array_open(s, begin);

	if (array > 0) {
		size_t end = skip_nested(s->text, array, s->len, ')', 0);
		if (end == SIZE_MAX)
			return scan_error(s, EINVAL, "a `(' has no `)'");
		move_to(s, end);
	}
	while (s->at < s->len && !strchr(" \t\n;&|<>()", s->text[s->at])) {
		size_t next = scan_skip(s->text, s->at, s->len, 0);
		if (next == SIZE_MAX)
			return scan_error(s, EINVAL,
				s->text[s->at] == '\\'
					? "ends in a backslash"
					: "a quote or bracket that opens here has no end, or more than 64 are nested");
		move_to(s, next);
	}
	*ret = (struct span){begin, s->at, line};
	return s->at > begin;
}

/* <, >, <<, <<-, <<<, >&, &>, … and the word after it. */
static int redirection_read(struct scan *s)
{
	static const char *const ops[] = {
		"<<<", "<<-", "&>>", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "<", ">", NULL};
	const char *const *op = ops;
	struct span w;

	while (*op && !scan_take(s, *op))
		op++;
	if (!*op)
		return 0;
	if ((*op)[1] == '\0' && peek(s, 0) == '(')
		return scan_error(s, EINVAL, "process substitution is not understood");
	scan_space(s, false);
	int r = word_read(s, &w);
	if (r < 0)
		return r;
	if (r == 0)
		return scan_error(s, EINVAL, "`%s' without a word behind it", *op);
	if (!str_equal(*op, "<<") && !str_equal(*op, "<<-"))
		return 1;
	if (s->heredocs == SCAN_HEREDOCS)
		return scan_error(s, EINVAL, "too many here-documents on one line");
	s->heredoc[s->heredocs].delimiter = w;
	s->heredoc[s->heredocs++].tabs = (*op)[2] == '-';
	return 1;
}

int scan_word(struct scan *s, struct span *ret)
{
	for (;;) {
		scan_space(s, false);
		int r = redirection_read(s);
		if (r < 0)
			return r;
		if (r == 0)
			return word_read(s, ret);
	}
}

int scan_function(struct scan *s, struct span w)
{
	size_t at = s->at, line = s->line;

	(void)w;
	scan_space(s, false);
	if (scan_take(s, "(")) {
		scan_space(s, false);
		if (!scan_take(s, ")"))
			return scan_error(s, EINVAL, "`(' is not expected here");
		scan_space(s, true);
		return 1;
	}
	s->at = at;
	s->line = line;
	return 0;
}

int scan_test(struct scan *s)
{
	struct span w = {0};

	while (!scan_end(s)) {
		scan_space(s, true);
		int r = word_read(s, &w);
		if (r < 0)
			return r;
		if (r > 0 && w.end - w.begin == 2 && memcmp(s->text + w.begin, "]]", 2) == 0)
			return 0;
		if (r == 0 && !scan_end(s))
			move_to(s, s->at + 1);
	}
	return scan_error(s, EINVAL, "`[[' has no `]]'");
}

int scan_arithmetic(struct scan *s)
{
	size_t end = skip_nested(s->text, s->at, s->len, ')', 0);

	if (end == SIZE_MAX || end >= s->len || s->text[end] != ')')
		return scan_error(s, EINVAL, "`((' has no `))'");
	move_to(s, end + 1);
	return 0;
}

/* True if the line at `at` is the delimiter, whose quotes do not count. */
static bool delimiter_is(const struct scan *s, size_t at, size_t end, struct span d)
{
	for (; d.begin < d.end; d.begin++) {
		char c = s->text[d.begin];
		if (c == '\'' || c == '"' || c == '\\')
			continue;
		if (at >= end || s->text[at++] != c)
			return false;
	}
	return at == end;
}

int scan_heredocs(struct scan *s)
{
	for (size_t i = 0; i < s->heredocs; i++) {
		for (bool found = false; !found;) {
			if (scan_end(s))
				return scan_error(s, EINVAL, "a here-document has no end");
			const char *nl = memchr(s->text + s->at, '\n', s->len - s->at);
			size_t end = nl ? (size_t)(nl - s->text) : s->len, at = s->at;
			while (s->heredoc[i].tabs && at < end && s->text[at] == '\t')
				at++;
			found = delimiter_is(s, at, end, s->heredoc[i].delimiter);
			move_to(s, nl ? end + 1 : end);
		}
	}
	s->heredocs = 0;
	return 0;
}

int scan_pending(struct scan *s)
{
	return s->heredocs > 0 ? scan_error(s, EINVAL, "a here-document has no end") : 0;
}
