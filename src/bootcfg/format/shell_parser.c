/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/shell_parser.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool parser_span_is(const struct shell_parser *p, struct span w, const char *text)
{
	return w.end - w.begin == strlen(text) &&
	       memcmp(p->s.text + w.begin, text, w.end - w.begin) == 0;
}

bool parser_span_in(const struct shell_parser *p, struct span w, const char *const *names)
{
	for (; *names; names++)
		if (parser_span_is(p, w, *names))
			return true;
	return false;
}

/* NAME["x"] and NAME[x] are the same. */
static void quotes_drop(char *name)
{
	char *to = name;

	for (; *name; name++)
		if (*name != '"' && *name != '\'')
			*to++ = *name;
	*to = '\0';
}

int parser_event(struct shell_parser *p, enum shell_kind kind, struct span name, struct span value,
	bool append)
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

int parser_open(struct shell_parser *p, enum open_kind kind)
{
	if (p->depth == OPEN_MAX)
		return scan_error(&p->s, EINVAL, "is nested too deeply");
	p->open_line[p->depth] = p->s.line;
	p->open_event[p->depth] = p->out->n;
	p->open[p->depth++] = kind;
	return 0;
}

void parser_drop(struct shell_parser *p, size_t first)
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

int parser_close(struct shell_parser *p, enum open_kind kind, const char *word)
{
	if (p->depth == 0 || p->open[p->depth - 1] != kind)
		return scan_error(&p->s, EINVAL, "`%s' closes nothing that is open here", word);
	p->depth--;
	p->guarded = false;
	if (kind == OPEN_PAREN)
		parser_drop(p, p->open_event[p->depth]);
	return 0;
}

bool parser_assignment_split(const struct shell_parser *p, struct span w, struct span *name,
	struct span *value, bool *append)
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

int parser_assignment(struct shell_parser *p, struct span w)
{
	struct span name, value;
	bool append;

	if (!parser_assignment_split(p, w, &name, &value, &append))
		return 0;
	bool array = value.end > value.begin && p->s.text[value.begin] == '(';
	return parser_event(p, array ? SHELL_ARRAY : SHELL_ASSIGN, name, value, append);
}

int parser_expansions(struct shell_parser *p, struct span w)
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
			int r = parser_event(p, SHELL_READ, name, name, false);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
