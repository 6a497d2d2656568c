/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/shell.h"

#include "bootcfg/format/shell_parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const assigners[] = {"export", "readonly", "declare", "typeset", "local", NULL};
static const char *const readers[] = {
	"read", "getopts", "printf", "mapfile", "readarray", "let", "for", NULL};
static const char *const opaques[] = {"eval", ".", "source", "trap", "alias", NULL};
static const char *const leavers[] = {"exit", "return", NULL};
static const char *const specials[] = {":", ".", "break", "continue", "eval", "exec", "exit",
	"export", "readonly", "return", "set", "shift", "times", "trap", "unset", NULL};

/* Takes one word after the name of a command. */
static int argument_take(struct shell_parser *p, struct span command, struct span w)
{
	struct span name, value;
	bool append;

	if (parser_span_in(p, command, assigners)) {
		if (parser_assignment_split(p, w, &name, &value, &append)) {
			int r = parser_assignment(p, w);
			if (r == 0)
				p->out->v[p->out->n - 1].read_only = parser_span_is(
					p, command, "readonly");
			return r;
		}
	} else if (parser_span_is(p, command, "unset")) {
		if (scan_name(p->s.text, w.begin, w.end) == w.end)
			return parser_event(p, SHELL_UNSET, w, w, false);
	} else if (parser_span_in(p, command, readers)) {
		size_t end = scan_name(p->s.text, w.begin, w.end);
		struct span target = {w.begin, end, w.line};
		if (end > w.begin)
			return parser_event(p, SHELL_READ, target, target, false);
	}
	return parser_expansions(p, w);
}

static int command_take(struct shell_parser *p, struct span command)
{
	struct span none = {0, 0, command.line};

	if (parser_span_in(p, command, opaques))
		return parser_event(p, SHELL_OPAQUE, none, none, false);
	if (parser_span_in(p, command, leavers))
		return parser_event(p, SHELL_LEAVE, none, none, false);
	return 0;
}

/* Reads a simple command from its first word to the operator that ends it. */
static int simple_read(struct shell_parser *p, struct span w)
{
	struct span command = {0, 0, 0}, name, value;
	size_t first = p->out->n;
	bool append;
	int r = 0;

	for (;;) {
		if (command.end > 0) {
			r = argument_take(p, command, w);
		} else if (parser_assignment_split(p, w, &name, &value, &append)) {
			r = parser_assignment(p, w);
		} else {
			/* NAME=value before a command is for that command only; before a special
			 * built-in it remains set (XCU 2.14), but not in every mode of bash. */
			if (!parser_span_in(p, w, specials))
				parser_drop(p, first);
			for (size_t i = first; i < p->out->n; i++)
				p->out->v[i].conditional = true;
			command = w;
			r = scan_function(&p->s, w);
			if (r != 0)
				return r < 0 ? r : 0; /* NAME(): the body follows as a command */
			r = command_take(p, w);
		}
		if (r == 0)
			r = parser_expansions(p, command.end > 0 ? (struct span){0, 0, 0} : w);
		if (r == 0)
			r = scan_word(&p->s, &w);
		if (r <= 0)
			return r;
	}
}

/* Reads the pattern of a case, up to its `)`. 1: it is esac. */
static int pattern_read(struct shell_parser *p)
{
	struct span w;

	scan_space(&p->s, true);
	if (scan_take(&p->s, "("))
		scan_space(&p->s, false);
	for (bool first = true;; first = false) {
		int r = scan_word(&p->s, &w);
		if (r < 0)
			return r;
		if (r > 0 && first && parser_span_is(p, w, "esac"))
			return parser_close(p, OPEN_CASE, "esac") < 0 ? -EINVAL : 1;
		scan_space(&p->s, false);
		if (scan_take(&p->s, ")"))
			return 0;
		if (r == 0 && !scan_take(&p->s, "|"))
			return scan_error(&p->s, EINVAL, "a pattern of `case' has no `)'");
	}
}

static int case_read(struct shell_parser *p)
{
	struct span w;
	int r = scan_word(&p->s, &w);

	if (r > 0) {
		scan_space(&p->s, true);
		r = scan_word(&p->s, &w);
	}
	if (r < 0)
		return r;
	if (r == 0 || !parser_span_is(p, w, "in"))
		return scan_error(&p->s, EINVAL, "`case' without `in'");
	r = parser_open(p, OPEN_CASE);
	return r < 0 ? r : pattern_read(p);
}

/* `for NAME [in …]`: the words are not commands. */
static int for_read(struct shell_parser *p)
{
	struct span w, none = {0, 0, 0};
	int r = scan_word(&p->s, &w);

	if (r > 0)
		r = parser_event(p, SHELL_READ, w, none, false) < 0 ? -ENOMEM : 1;
	while (r > 0)
		r = scan_word(&p->s, &w);
	return r;
}

/* Takes a reserved word at the start of a command. 1: it is one. */
static int reserved_read(struct shell_parser *p, struct span w)
{
	static const char *const silent[] = {"then", "else", "elif", "do", "!", "time", NULL};
	int r;

	if (parser_span_in(p, w, silent))
		return 1;
	if (parser_span_is(p, w, "if"))
		r = parser_open(p, OPEN_IF);
	else if (parser_span_is(p, w, "while") || parser_span_is(p, w, "until"))
		r = parser_open(p, OPEN_LOOP);
	else if (parser_span_is(p, w, "for") || parser_span_is(p, w, "select"))
		r = parser_open(p, OPEN_LOOP) < 0 ? -EINVAL : for_read(p);
	else if (parser_span_is(p, w, "case"))
		r = case_read(p);
	else if (parser_span_is(p, w, "{"))
		r = parser_open(p, OPEN_BRACE);
	else if (parser_span_is(p, w, "fi"))
		r = parser_close(p, OPEN_IF, "fi");
	else if (parser_span_is(p, w, "done"))
		r = parser_close(p, OPEN_LOOP, "done");
	else if (parser_span_is(p, w, "}"))
		r = parser_close(p, OPEN_BRACE, "}");
	else if (parser_span_is(p, w, "esac"))
		r = parser_close(p, OPEN_CASE, "esac");
	else if (parser_span_is(p, w, "[["))
		r = scan_test(&p->s);
	else if (parser_span_is(p, w, "function"))
		r = scan_word(&p->s, &w) < 0 ? -EINVAL : scan_function(&p->s, w);
	else
		return 0;
	return r < 0 ? r : 1;
}

/* Takes the operator between two commands. 1: the end of the text. */
static int operator_read(struct shell_parser *p)
{
	scan_space(&p->s, false);
	p->closed = false;
	if (scan_end(&p->s))
		return 1;
	if (scan_take(&p->s, "\n")) {
		p->guarded = false;
		p->pipeline = p->out->n;
		return scan_heredocs(&p->s);
	}
	if (scan_take(&p->s, ";;&") || scan_take(&p->s, ";;") || scan_take(&p->s, ";&")) {
		if (p->depth == 0 || p->open[p->depth - 1] != OPEN_CASE)
			return scan_error(&p->s, EINVAL, "`;;' outside of `case'");
		int r = pattern_read(p);
		return r < 0 ? r : 0;
	}
	if (scan_take(&p->s, "&&") || scan_take(&p->s, "||")) {
		p->guarded = true;
	} else if (scan_take(&p->s, "|") || scan_take(&p->s, "&")) {
		/* A pipeline and a background job run in another process. */
		for (size_t i = p->pipeline; i < p->out->n; i++)
			p->out->v[i].conditional = true;
		p->guarded = true;
	} else if (scan_take(&p->s, ";")) {
		p->guarded = false;
		p->pipeline = p->out->n;
	} else if (scan_take(&p->s, "((")) {
		return scan_arithmetic(&p->s);
	} else if (scan_take(&p->s, "(")) {
		return parser_open(p, OPEN_PAREN);
	} else if (scan_take(&p->s, ")")) {
		p->closed = true;
		return parser_close(p, OPEN_PAREN, ")");
	} else {
		return scan_error(&p->s, EINVAL, "`%c' is not expected here", p->s.text[p->s.at]);
	}
	return 0;
}

static int text_read(struct shell_parser *p)
{
	struct span w;

	for (;;) {
		int r = scan_word(&p->s, &w);
		if (r > 0) {
			r = reserved_read(p, w);
			if (r == 0 && p->closed)
				return scan_error(&p->s, EINVAL, "a word is not expected here");
			p->closed = false;
			if (r == 0)
				r = simple_read(p, w);
			if (r < 0)
				return r;
			continue;
		}
		if (r == 0)
			r = operator_read(p);
		if (r < 0)
			return r;
		if (r > 0)
			break;
	}
	if (p->depth > 0) {
		p->s.line = p->open_line[p->depth - 1];
		return scan_error(&p->s, EINVAL, "what is opened here has no end");
	}
	return scan_pending(&p->s);
}

int shell_read(const char *name, const char *text, size_t len, struct shell *ret, struct err *err)
{
	_cleanup_(shell_done) struct shell out = {0};
	struct shell_parser p = {
		.s = {.name = name, .text = text, .len = len, .line = 1, .err = err}, .out = &out};

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: contains a NUL byte", name);
	int r = text_read(&p);
	if (r < 0)
		return r;
	out.ends_open = len > 0 && text[len - 1] != '\n';
	*ret = out;
	out = (struct shell){0};
	return 0;
}

void shell_done(struct shell *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct shell){0};
}
