/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/shell.h"

#include "base/str.h"
#include "bootcfg/shell_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is open: everything inside may or may not be run. */
enum open_kind { OPEN_IF, OPEN_LOOP, OPEN_CASE, OPEN_BRACE, OPEN_PAREN };

#define OPEN_MAX 64

struct parser {
	struct scan s;
	struct shell *out;
	enum open_kind open[OPEN_MAX];
	size_t open_line[OPEN_MAX];
	size_t open_event[OPEN_MAX]; /* the first event inside */
	size_t depth;
	bool closed;     /* behind a `)' no command may start */
	bool guarded;    /* behind && or || of this list */
	size_t pipeline; /* the first event of the pipeline that is being read */
};

static bool span_is(const struct parser *p, struct span w, const char *text)
{
	return w.end - w.begin == strlen(text) &&
	       memcmp(p->s.text + w.begin, text, w.end - w.begin) == 0;
}

static bool span_in(const struct parser *p, struct span w, const char *const *names)
{
	for (; *names; names++)
		if (span_is(p, w, *names))
			return true;
	return false;
}

/* NAME["x"] and NAME[x] are one. */
static void quotes_drop(char *name)
{
	char *to = name;

	for (; *name; name++)
		if (*name != '"' && *name != '\'')
			*to++ = *name;
	*to = '\0';
}

static int event_add(
	struct parser *p, enum shell_kind kind, struct span name, struct span value, bool append)
{
	struct shell_event *v = realloc(p->out->v, (p->out->n + 1) * sizeof(*v));
	if (v)
		p->out->v = v;
	char *copy = v && name.end > name.begin
			     ? strndup(p->s.text + name.begin, name.end - name.begin)
			     : NULL;
	if (copy)
		quotes_drop(copy);
	if (!v || (name.end > name.begin && !copy))
		return scan_error(&p->s, ENOMEM, "out of memory");
	v[p->out->n++] = (struct shell_event){.kind = kind,
		.name = copy,
		.append = append,
		.conditional = p->depth > 0 || p->guarded,
		.line = name.line ? name.line : p->s.line,
		.begin = value.begin,
		.end = value.end};
	return 0;
}

static int open_push(struct parser *p, enum open_kind kind)
{
	if (p->depth == OPEN_MAX)
		return scan_error(&p->s, EINVAL, "is nested too deeply");
	p->open_line[p->depth] = p->s.line;
	p->open_event[p->depth] = p->out->n;
	p->open[p->depth++] = kind;
	return 0;
}

/* What was assigned since then was not: it is another process's, or one command's. */
static void events_drop(struct parser *p, size_t first)
{
	size_t n = first;

	for (size_t i = first; i < p->out->n; i++) {
		if (p->out->v[i].kind == SHELL_LEAVE)
			p->out->v[n++] = p->out->v[i];
		else
			free(p->out->v[i].name);
	}
	p->out->n = n;
}

static int open_pop(struct parser *p, enum open_kind kind, const char *word)
{
	if (p->depth == 0 || p->open[p->depth - 1] != kind)
		return scan_error(&p->s, EINVAL, "`%s' closes nothing that is open here", word);
	p->depth--;
	p->guarded = false;
	if (kind == OPEN_PAREN)
		events_drop(p, p->open_event[p->depth]);
	return 0;
}

/* NAME=, NAME+= or NAME[x]= at the start of w: its parts. */
static bool assignment_split(
	const struct parser *p, struct span w, struct span *name, struct span *value, bool *append)
{
	const char *t = p->s.text;
	size_t i = scan_name(t, w.begin, w.end);

	if (i == w.begin)
		return false;
	if (i < w.end && t[i] == '[') {
		const char *close = memchr(t + i, ']', w.end - i);
		if (!close)
			return false;
		i = (size_t)(close - t) + 1;
	}
	*name = (struct span){w.begin, i, w.line};
	*append = i < w.end && t[i] == '+';
	i += *append;
	if (i >= w.end || t[i] != '=')
		return false;
	*value = (struct span){i + 1, w.end, w.line};
	return true;
}

static int assignment_add(struct parser *p, struct span w)
{
	struct span name, value;
	bool append;

	if (!assignment_split(p, w, &name, &value, &append))
		return 0;
	bool array = value.end > value.begin && p->s.text[value.begin] == '(';
	return event_add(p, array ? SHELL_ARRAY : SHELL_ASSIGN, name, value, append);
}

/* ${NAME:=…} and ${NAME=…} assign in passing. */
static int expansions_add(struct parser *p, struct span w)
{
	const char *t = p->s.text;

	for (size_t i = w.begin; i + 2 < w.end; i++) {
		if (t[i] != '$' || t[i + 1] != '{')
			continue;
		size_t end = scan_name(t, i + 2, w.end);
		if (end == i + 2 || end >= w.end)
			continue;
		size_t op = t[end] == ':' ? end + 1 : end;
		if (op < w.end && t[op] == '=') {
			struct span name = {i + 2, end, w.line};
			int r = event_add(p, SHELL_READ, name, name, false);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static const char *const assigners[] = {"export", "readonly", "declare", "typeset", "local", NULL};
static const char *const readers[] = {
	"read", "getopts", "printf", "mapfile", "readarray", "let", "for", NULL};
static const char *const opaques[] = {"eval", ".", "source", "trap", "alias", NULL};
static const char *const leavers[] = {"exit", "return", NULL};
static const char *const specials[] = {":", ".", "break", "continue", "eval", "exec", "exit",
	"export", "readonly", "return", "set", "shift", "times", "trap", "unset", NULL};

/* One word behind the name of a command. */
static int argument_take(struct parser *p, struct span command, struct span w)
{
	struct span name, value;
	bool append;

	if (span_in(p, command, assigners)) {
		if (assignment_split(p, w, &name, &value, &append)) {
			int r = assignment_add(p, w);
			if (r == 0)
				p->out->v[p->out->n - 1].read_only = span_is(
					p, command, "readonly");
			return r;
		}
	} else if (span_is(p, command, "unset")) {
		if (scan_name(p->s.text, w.begin, w.end) == w.end)
			return event_add(p, SHELL_UNSET, w, w, false);
	} else if (span_in(p, command, readers)) {
		size_t end = scan_name(p->s.text, w.begin, w.end);
		struct span target = {w.begin, end, w.line};
		if (end > w.begin)
			return event_add(p, SHELL_READ, target, target, false);
	}
	return expansions_add(p, w);
}

static int command_take(struct parser *p, struct span command)
{
	struct span none = {0, 0, command.line};

	if (span_in(p, command, opaques))
		return event_add(p, SHELL_OPAQUE, none, none, false);
	if (span_in(p, command, leavers))
		return event_add(p, SHELL_LEAVE, none, none, false);
	return 0;
}

/* A simple command from its first word on, up to the operator that ends it. */
static int simple_read(struct parser *p, struct span w)
{
	struct span command = {0, 0, 0}, name, value;
	size_t first = p->out->n;
	bool append;
	int r = 0;

	for (;;) {
		if (command.end > 0) {
			r = argument_take(p, command, w);
		} else if (assignment_split(p, w, &name, &value, &append)) {
			r = assignment_add(p, w);
		} else {
			/* NAME=value in front of a command is for that command only; in front of a
			 * special built-in it stays (XCU 2.14), but not in every mode of bash. */
			if (!span_in(p, w, specials))
				events_drop(p, first);
			for (size_t i = first; i < p->out->n; i++)
				p->out->v[i].conditional = true;
			command = w;
			r = scan_function(&p->s, w);
			if (r != 0)
				return r < 0 ? r : 0; /* NAME(): the body follows as a command */
			r = command_take(p, w);
		}
		if (r == 0)
			r = expansions_add(p, command.end > 0 ? (struct span){0, 0, 0} : w);
		if (r == 0)
			r = scan_word(&p->s, &w);
		if (r <= 0)
			return r;
	}
}

/* The pattern of a case, up to its `)`. A returned 1: it was esac. */
static int pattern_read(struct parser *p)
{
	struct span w;

	scan_space(&p->s, true);
	if (scan_take(&p->s, "("))
		scan_space(&p->s, false);
	for (bool first = true;; first = false) {
		int r = scan_word(&p->s, &w);
		if (r < 0)
			return r;
		if (r > 0 && first && span_is(p, w, "esac"))
			return open_pop(p, OPEN_CASE, "esac") < 0 ? -EINVAL : 1;
		scan_space(&p->s, false);
		if (scan_take(&p->s, ")"))
			return 0;
		if (r == 0 && !scan_take(&p->s, "|"))
			return scan_error(&p->s, EINVAL, "a pattern of `case' has no `)'");
	}
}

static int case_read(struct parser *p)
{
	struct span w;
	int r = scan_word(&p->s, &w);

	if (r > 0) {
		scan_space(&p->s, true);
		r = scan_word(&p->s, &w);
	}
	if (r < 0)
		return r;
	if (r == 0 || !span_is(p, w, "in"))
		return scan_error(&p->s, EINVAL, "`case' without `in'");
	r = open_push(p, OPEN_CASE);
	return r < 0 ? r : pattern_read(p);
}

/* `for NAME [in …]`: the words are no commands. */
static int for_read(struct parser *p)
{
	struct span w, none = {0, 0, 0};
	int r = scan_word(&p->s, &w);

	if (r > 0)
		r = event_add(p, SHELL_READ, w, none, false) < 0 ? -ENOMEM : 1;
	while (r > 0)
		r = scan_word(&p->s, &w);
	return r;
}

/* Reserved words, where a command may start. 1: it was one. */
static int reserved_read(struct parser *p, struct span w)
{
	static const char *const silent[] = {"then", "else", "elif", "do", "!", "time", NULL};
	int r;

	if (span_in(p, w, silent))
		return 1;
	if (span_is(p, w, "if"))
		r = open_push(p, OPEN_IF);
	else if (span_is(p, w, "while") || span_is(p, w, "until"))
		r = open_push(p, OPEN_LOOP);
	else if (span_is(p, w, "for") || span_is(p, w, "select"))
		r = open_push(p, OPEN_LOOP) < 0 ? -EINVAL : for_read(p);
	else if (span_is(p, w, "case"))
		r = case_read(p);
	else if (span_is(p, w, "{"))
		r = open_push(p, OPEN_BRACE);
	else if (span_is(p, w, "fi"))
		r = open_pop(p, OPEN_IF, "fi");
	else if (span_is(p, w, "done"))
		r = open_pop(p, OPEN_LOOP, "done");
	else if (span_is(p, w, "}"))
		r = open_pop(p, OPEN_BRACE, "}");
	else if (span_is(p, w, "esac"))
		r = open_pop(p, OPEN_CASE, "esac");
	else if (span_is(p, w, "[["))
		r = scan_test(&p->s);
	else if (span_is(p, w, "function"))
		r = scan_word(&p->s, &w) < 0 ? -EINVAL : scan_function(&p->s, w);
	else
		return 0;
	return r < 0 ? r : 1;
}

/* The operator between two commands. 1: the end of the text. */
static int operator_read(struct parser *p)
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
		/* What runs in a pipeline or in the background is another process. */
		for (size_t i = p->pipeline; i < p->out->n; i++)
			p->out->v[i].conditional = true;
		p->guarded = true;
	} else if (scan_take(&p->s, ";")) {
		p->guarded = false;
		p->pipeline = p->out->n;
	} else if (scan_take(&p->s, "((")) {
		return scan_arithmetic(&p->s);
	} else if (scan_take(&p->s, "(")) {
		return open_push(p, OPEN_PAREN);
	} else if (scan_take(&p->s, ")")) {
		p->closed = true;
		return open_pop(p, OPEN_PAREN, ")");
	} else {
		return scan_error(&p->s, EINVAL, "`%c' is not expected here", p->s.text[p->s.at]);
	}
	return 0;
}

static int text_read(struct parser *p)
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
	struct parser p = {
		.s = {.name = name, .text = text, .len = len, .line = 1, .err = err}, .out = &out};

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "%s: holds a NUL byte, so it is no text", name);
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
