/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/shell.h"

#include "base/str.h"
#include "bootcfg/kargs/karg.h"
#include "shared/shell_lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An open construct: everything inside may or may not be run. Returns are 0, or negative for an
 * error that the lexer's err has with NAME:LINE. */
enum open_kind { OPEN_IF, OPEN_LOOP, OPEN_CASE, OPEN_BRACE, OPEN_PAREN };

#define OPEN_MAX 64

struct shell_parser {
	struct scan s;
	struct shell *out;
	enum open_kind open[OPEN_MAX];
	size_t open_line[OPEN_MAX];
	size_t open_event[OPEN_MAX]; /* the first event inside */
	size_t depth;
	bool closed;     /* after a `)' no command may start */
	bool guarded;    /* after && or || of this list */
	size_t pipeline; /* the first event of the current pipeline */
};

/* ---- parser: open constructs, and the events so far --------------------------------------------
 */

static bool parser_span_is(const struct shell_parser *p, struct span w, const char *text)
{
	return w.end - w.begin == strlen(text) &&
	       memcmp(p->s.text + w.begin, text, w.end - w.begin) == 0;
}

static bool parser_span_in(const struct shell_parser *p, struct span w, const char *const *names)
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

static int parser_event(struct shell_parser *p, enum shell_kind kind, struct span name,
	struct span value, bool append)
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

static int parser_open(struct shell_parser *p, enum open_kind kind)
{
	if (p->depth == OPEN_MAX)
		return scan_error(&p->s, EINVAL, "is nested too deeply");
	p->open_line[p->depth] = p->s.line;
	p->open_event[p->depth] = p->out->n;
	p->open[p->depth++] = kind;
	return 0;
}

static void parser_drop(struct shell_parser *p, size_t first)
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

static int parser_close(struct shell_parser *p, enum open_kind kind, const char *word)
{
	if (p->depth == 0 || p->open[p->depth - 1] != kind)
		return scan_error(&p->s, EINVAL, "`%s' closes nothing that is open here", word);
	p->depth--;
	p->guarded = false;
	if (kind == OPEN_PAREN)
		parser_drop(p, p->open_event[p->depth]);
	return 0;
}

static bool parser_assignment_split(const struct shell_parser *p, struct span w, struct span *name,
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

static int parser_assignment(struct shell_parser *p, struct span w)
{
	struct span name, value;
	bool append;

	if (!parser_assignment_split(p, w, &name, &value, &append))
		return 0;
	bool array = value.end > value.begin && p->s.text[value.begin] == '(';
	return parser_event(p, array ? SHELL_ARRAY : SHELL_ASSIGN, name, value, append);
}

static int parser_expansions(struct shell_parser *p, struct span w)
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

/* ---- reader: commands, and what they assign ----------------------------------------------------
 */

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

/* ---- writer ------------------------------------------------------------------------------------
 */

/*
 * GRUB parses a word and, if it contains a blank, puts quotes around it for the kernel; a literal
 * quote or backslash would reach the kernel with a backslash before it, which the kernel does not
 * understand (grub-core/lib/cmdline.c).
 */
int grub_encode(const char *word, struct text *ret, struct err *err)
{
	_cleanup_(karg_done) struct karg k = {0};
	if (karg_read(word, &k) < 0)
		return err_set(err, ENOMEM, "out of memory");
	_cleanup_(text_done) struct text plain = {0};
	text_print(&plain, "%s%s", k.name, k.value ? "=" : "");
	size_t value = plain.len;
	text_print(&plain, "%s", k.value ? k.value : "");
	if (plain.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (strpbrk(plain.data, "\"'\\"))
		return err_set(err, EINVAL,
			"%s: GRUB can't pass a quote or a backslash on to the kernel", word);
	bool quote = strpbrk(plain.data, " ;&|<>{}()") != NULL;
	/* name="va lue" is more readable than "name=va lue" and means the same, unless the name
	 * needs quotes. */
	size_t open = quote && !strpbrk(k.name, " ;&|<>{}()") ? value : 0;

	for (size_t i = 0; i < plain.len; i++) {
		if (quote && i == open)
			text_add(ret, "\"", 1);
		if (plain.data[i] == '$')
			text_add(ret, "\\", 1);
		text_add(ret, plain.data + i, 1);
	}
	if (quote)
		text_add(ret, "\"", 1);
	return 0;
}

/* Encodes each word for GRUB, keeps the blanks between them. */
static int grub_layer(const char *text, struct text *ret, struct err *err)
{
	while (*text) {
		if (kcmdline_is_blank(*text)) {
			text_add(ret, text++, 1);
			continue;
		}
		const char *end = kcmdline_word_end(text);
		_cleanup_(str_free) char *word = strndup(text, (size_t)(end - text));
		if (!word)
			return err_set(err, ENOMEM, "out of memory");
		int r = grub_encode(word, ret, err);
		if (r < 0)
			return r;
		text = end;
	}
	return 0;
}

int shell_encode(
	uint8_t context, const char *text, enum dialect dialect, struct text *ret, struct err *err)
{
	_cleanup_(text_done) struct text inner = {0};

	if (dialect == DIALECT_GRUB) {
		int r = grub_layer(text, &inner, err);
		if (r < 0)
			return r;
	} else {
		text_print(&inner, "%s", text);
	}
	if (inner.failed)
		return err_set(err, ENOMEM, "out of memory");
	const char *p = inner.data ? inner.data : "";
	if (context == SHELL_SINGLE) {
		if (strchr(p, '\''))
			return err_set(err, EINVAL, "%s: a ' can't stand in single quotes", text);
		text_add(ret, p, strlen(p));
		return 0;
	}
	if (context == SHELL_DOLLAR_SINGLE) {
		for (; *p; p++) {
			text_add(ret, "\\", *p == '\'' || *p == '\\');
			text_add(ret, p, 1);
		}
		return 0;
	}
	/* Outside of quotes the text gets its own, which join adjacent text (XCU 2.2). */
	text_add(ret, "\"", context != SHELL_DOUBLE);
	for (; *p; p++) {
		if (strchr("\"\\$`", *p))
			text_add(ret, "\\", 1);
		text_add(ret, p, 1);
	}
	text_add(ret, "\"", context != SHELL_DOUBLE);
	return 0;
}

/* ---- evaluation --------------------------------------------------------------------------------
 */

/* The value of an assignment, text[begin, end): its bytes, and what is not certain about it. */
struct shell_decoded {
	struct segment out;
	bool command, quotes, anything; /* as in shell_var */
	struct text maybe;
};
/* -E2BIG: more than a value may have, or all together; -ELOOP: nested too deeply. */
static int shell_decode(struct shell_vars *vars, const char *text, size_t begin, size_t end,
	uint16_t file, struct shell_decoded *ret) _must_check_;
static void shell_decoded_done(struct shell_decoded *d);

/* ---- variables ---------------------------------------------------------------------------------
 */

void shell_vars_done(struct shell_vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		free(vars->v[i].name);
		free(vars->v[i].value.cell);
		text_done(&vars->v[i].maybe);
	}
	free(vars->v);
	free(vars->slots);
	*vars = (struct shell_vars){0};
}

/* The slot of a name, or the empty one where it belongs. */
static size_t *slot_find(const struct shell_vars *vars, const char *name)
{
	size_t at = str_hash(name, strlen(name)) & (vars->n_slots - 1);

	while (vars->slots[at] && !str_equal(vars->v[vars->slots[at] - 1].name, name))
		at = (at + 1) & (vars->n_slots - 1);
	return &vars->slots[at];
}

struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name)
{
	size_t number = vars->n_slots ? *slot_find(vars, name) : 0;

	return number ? &vars->v[number - 1] : NULL;
}

/* Makes room for one more. */
static bool vars_grow(struct shell_vars *vars)
{
	size_t n_slots = vars->n_slots ? vars->n_slots * 2 : 64;

	if (vars->v && vars->n * 2 < vars->n_slots)
		return true;
	struct shell_var *v = reallocarray(vars->v, n_slots / 2, sizeof(*v));
	size_t *slots = v ? calloc(n_slots, sizeof(*slots)) : NULL;
	if (v)
		vars->v = v;
	if (!slots)
		return false;
	free(vars->slots);
	vars->slots = slots;
	vars->n_slots = n_slots;
	for (size_t i = 0; i < vars->n; i++)
		*slot_find(vars, vars->v[i].name) = i + 1;
	return true;
}

struct shell_var *shell_var_make(struct shell_vars *vars, const char *name)
{
	struct shell_var *var = shell_var_find(vars, name);

	if (var)
		return var;
	char *copy = vars_grow(vars) ? strdup(name) : NULL;
	if (!copy)
		return NULL;
	size_t *slot = slot_find(vars, name);
	vars->v[vars->n] = (struct shell_var){.name = copy};
	*slot = ++vars->n;
	return &vars->v[vars->n - 1];
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* A value while it is decoded: its bytes, and the last position where more can be written. */
struct decode {
	struct shell_vars *vars;
	const char *text;
	uint16_t file;
	struct shell_decoded to;
	unsigned depth;
};

/* Counts bytes that a value takes, before they are added. */
static int work_count(struct shell_vars *vars, size_t bytes)
{
	vars->work += bytes;
	return vars->work > SHELL_WORK_MAX ? -E2BIG : 0;
}

static int cell_add(struct decode *d, const struct src_byte *c)
{
	if (d->to.out.n >= SHELL_VALUE_MAX || work_count(d->vars, 1) < 0)
		return -E2BIG;
	return segment_add(&d->to.out, c);
}

static int cell_put(
	struct decode *d, char c, bool unknown, size_t begin, size_t end, uint8_t context)
{
	struct src_byte cell = {.c = c,
		.unknown = unknown,
		.context = context,
		.out_context = context,
		.file = d->file,
		.begin = begin,
		.end = end,
		.out = end};
	return cell_add(d, &cell);
}

static void spot_set(struct decode *d, size_t at, uint8_t context)
{
	d->to.out.at = at;
	d->to.out.context = context;
}

static int unknown_put(struct decode *d, const struct shell_var *var)
{
	if (!var)
		return 0;
	d->to.anything |= var->anything;
	if (work_count(d->vars, var->maybe.len) < 0)
		return -E2BIG;
	text_add(&d->to.maybe, var->maybe.data ? var->maybe.data : "", var->maybe.len);
	return 0;
}

/* Adds the bytes of a variable, which keep their origin; text after them is inserted at `end`. */
static int var_put(struct decode *d, const struct shell_var *var, size_t end, uint8_t context)
{
	for (size_t i = 0; i < var->value.n; i++) {
		struct src_byte c = var->value.cell[i];
		c.out = end;
		c.out_context = context;
		int rc = cell_add(d, &c);
		if (rc < 0)
			return rc;
	}
	d->to.command |= var->command;
	d->to.quotes |= var->quotes;
	return unknown_put(d, var);
}

static int value_decode(struct decode *d, size_t begin, size_t end, uint8_t context);

/* Adds the value of the word in ${NAME:+word}: text after it is inserted after the expansion. */
static int word_put(
	struct decode *d, size_t begin, size_t end, size_t expansion_end, uint8_t context)
{
	size_t first = d->to.out.n;
	int r = value_decode(d, begin, end, context);

	for (size_t i = first; i < d->to.out.n; i++) {
		d->to.out.cell[i].out = expansion_end;
		d->to.out.cell[i].out_context = context;
	}
	return r;
}

/* ${NAME}, and the forms that test whether NAME is set; text[at] is the `$`, end is after the `}`.
 */
static int braces_decode(struct decode *d, size_t at, size_t end, uint8_t context)
{
	const char *t = d->text;
	size_t name_end = scan_name(t, at + 2, end);
	_cleanup_(str_free) char *name = strndup(t + at + 2, name_end - at - 2);
	if (!name)
		return -ENOMEM;
	const struct shell_var *var = shell_var_find(d->vars, name);

	if (name_end > at + 2 && name_end == end - 1 && var && !var->unknown)
		return var_put(d, var, end, context);
	bool colon = t[name_end] == ':';
	size_t op = name_end + colon;
	if (name_end == at + 2 || op >= end - 1 || !strchr("-+", t[op]) || !var || var->unknown) {
		int rc = unknown_put(d, var);
		if (rc < 0)
			return rc;
		if (op + 1 < end) {
			text_add(&d->to.maybe, t + op + 1, end - op - 2);
			text_add(&d->to.maybe, " ", 1);
		}
		return cell_put(d, '\x01', true, at, end, context);
	}
	bool full = var->set && (!colon || var->value.n > 0);
	if (t[op] == '+')
		return full ? word_put(d, op + 1, end - 1, end, context) : 0;
	return full ? var_put(d, var, end, context) : word_put(d, op + 1, end - 1, end, context);
}

/* `$` and what follows; *at becomes the position after it. */
static int dollar_decode(struct decode *d, size_t *at, size_t end, uint8_t context)
{
	const char *t = d->text;
	size_t from = *at, name_end = scan_name(t, from + 1, end);

	if (name_end > from + 1) {
		_cleanup_(str_free) char *name = strndup(t + from + 1, name_end - from - 1);
		if (!name)
			return -ENOMEM;
		const struct shell_var *var = shell_var_find(d->vars, name);
		*at = name_end;
		if (var && !var->unknown)
			return var_put(d, var, name_end, context);
		int rc = unknown_put(d, var);
		return rc < 0 ? rc : cell_put(d, '\x01', true, from, name_end, context);
	}
	if (from + 1 < end && (t[from + 1] == '{' || t[from + 1] == '(')) {
		size_t next = scan_skip(t, from, end, 0);
		if (next == SIZE_MAX)
			return -EINVAL;
		*at = next;
		if (t[from + 1] == '{')
			return braces_decode(d, from, next, context);
		d->to.command = true;
		return cell_put(d, '\x01', true, from, next, context);
	}
	if (from + 1 < end && strchr("@*#?-$!0123456789", t[from + 1])) {
		*at = from + 2;
		return cell_put(d, '\x01', true, from, from + 2, context);
	}
	*at = from + 1;
	return cell_put(d, '$', false, from, from + 1, context);
}

static int backslash_decode(struct decode *d, size_t *at, size_t end, uint8_t context)
{
	const char *t = d->text;
	size_t from = *at;

	if (from + 1 >= end)
		return -EINVAL;
	*at = from + 2;
	if (t[from + 1] == '\n')
		return 0; /* a continuation: neither byte is part of the value */
	if (context == SHELL_DOUBLE && !strchr("$`\"\\", t[from + 1])) {
		*at = from + 1;
		return cell_put(d, '\\', false, from, from + 1, context);
	}
	return cell_put(d, t[from + 1], false, from, from + 2, context);
}

static int backtick_decode(struct decode *d, size_t *at, size_t end, uint8_t context)
{
	size_t from = *at, next = scan_skip(d->text, from, end, 0);

	if (next == SIZE_MAX)
		return -EINVAL;
	*at = next;
	d->to.command = true;
	return cell_put(d, '\x01', true, from, next, context);
}

static int single_decode(struct decode *d, size_t *at, size_t end)
{
	size_t i = *at + 1;

	int r = 0;

	for (; r == 0 && i < end && d->text[i] != '\''; i++)
		r = cell_put(d, d->text[i], false, i, i + 1, SHELL_SINGLE);
	spot_set(d, i, SHELL_SINGLE);
	*at = i + 1;
	return r < 0 ? r : i < end ? 0 : -EINVAL;
}

/* The byte of 1 to max digits at text[*at], in base 8 or 16; moves *at behind them. */
static unsigned digits_read(const char *text, size_t *at, size_t end, size_t max, unsigned base)
{
	unsigned value = 0;

	for (size_t n = 0; n < max && *at < end; n++, (*at)++) {
		char c = text[*at], lower = (char)(c | 32);
		unsigned digit = c >= '0' && c <= '9'           ? (unsigned)(c - '0')
				 : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10)
								: base;
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value;
}

/*
 * An escape of $'…' (POSIX.1-2024, XCU 2.2.4), text[*at] is its backslash; *at becomes the position
 * after it. -EINVAL for what shells read differently: a control character by \c, an unknown letter,
 * a character that is not ASCII by its number, \0, which ends the string in some.
 */
static int escape_decode(struct decode *d, size_t *at, size_t end)
{
	static const char letters[] = "abefnrtv\\'\"?E", bytes[] = "\a\b\x1b\f\n\r\t\v\\'\"?\x1b";
	size_t from = *at, next = from + 2;
	const char *known = next <= end ? strchr(letters, d->text[from + 1]) : NULL;
	unsigned value = 0;

	if (next > end)
		return -EINVAL;
	char c = d->text[from + 1];
	if (known && *known) {
		value = (unsigned char)bytes[known - letters];
	} else if (c == 'x') {
		value = digits_read(d->text, &next, end, 2, 16);
	} else if (c == 'u' || c == 'U') {
		value = digits_read(d->text, &next, end, c == 'u' ? 4 : 8, 16);
		value = value < 0x80 ? value : 0;
	} else if (c >= '0' && c <= '7') {
		next = from + 1;
		value = digits_read(d->text, &next, end, 3, 8) & 0xff;
	}
	if (value == 0)
		return -EINVAL;
	*at = next;
	return cell_put(d, (char)value, false, from, next, SHELL_DOLLAR_SINGLE);
}

/* $'…', text[*at] is the `$`. */
static int dollar_single_decode(struct decode *d, size_t *at, size_t end)
{
	size_t i = *at + 2;
	int r = 0;

	d->to.quotes |= !d->vars->bash;
	while (r == 0 && i < end && d->text[i] != '\'') {
		if (d->text[i] == '\\') {
			r = escape_decode(d, &i, end);
		} else {
			r = cell_put(d, d->text[i], false, i, i + 1, SHELL_DOLLAR_SINGLE);
			i++;
		}
	}
	spot_set(d, i, SHELL_DOLLAR_SINGLE);
	*at = i + 1;
	return r < 0 ? r : i < end ? 0 : -EINVAL;
}

static int double_decode(struct decode *d, size_t *at, size_t end)
{
	size_t i = *at + 1;
	int r = 0;

	while (r == 0 && i < end && d->text[i] != '"') {
		if (d->text[i] == '$') {
			r = dollar_decode(d, &i, end, SHELL_DOUBLE);
		} else if (d->text[i] == '\\') {
			r = backslash_decode(d, &i, end, SHELL_DOUBLE);
		} else if (d->text[i] == '`') {
			r = backtick_decode(d, &i, end, SHELL_DOUBLE);
		} else {
			r = cell_put(d, d->text[i], false, i, i + 1, SHELL_DOUBLE);
			i++;
		}
	}
	spot_set(d, i, SHELL_DOUBLE);
	*at = i + 1;
	return r < 0 ? r : i < end ? 0 : -EINVAL;
}

/* No field splitting and no globbing here: this is the value of an assignment (XCU 2.9.1). */
static int value_decode(struct decode *d, size_t begin, size_t end, uint8_t context)
{
	size_t i = begin;
	int r = 0;

	if (++d->depth > SHELL_DEPTH_MAX)
		return -ELOOP;
	spot_set(d, begin, context);
	while (r == 0 && i < end) {
		char c = d->text[i], next = i + 1 < end ? d->text[i + 1] : '\0';
		if (c == '\'' && context == SHELL_BARE) {
			r = single_decode(d, &i, end);
		} else if (c == '"') {
			r = double_decode(d, &i, end);
		} else if (c == '$' && next == '\'' && context == SHELL_BARE) {
			r = dollar_single_decode(d, &i, end);
		} else if (c == '$' && next == '"' && context == SHELL_BARE) {
			/* Of bash: a string to translate, which no file here has a catalogue for.
			 */
			d->to.quotes |= !d->vars->bash;
			i++;
		} else {
			if (c == '$')
				r = dollar_decode(d, &i, end, context);
			else if (c == '\\')
				r = backslash_decode(d, &i, end, context);
			else if (c == '`')
				r = backtick_decode(d, &i, end, context);
			else
				r = cell_put(d, c, false, i, i + 1, context), i++;
			spot_set(d, i < end ? i : end, context);
		}
	}
	d->depth--;
	return r;
}

static int shell_decode(struct shell_vars *vars, const char *text, size_t begin, size_t end,
	uint16_t file, struct shell_decoded *ret)
{
	struct decode d = {.vars = vars, .text = text, .file = file};

	d.to.out.file = file;
	int r = value_decode(&d, begin, end, SHELL_BARE);
	*ret = d.to;
	return r == 0 && ret->maybe.failed ? -ENOMEM : r;
}

static void shell_decoded_done(struct shell_decoded *d)
{
	free(d->out.cell);
	text_done(&d->maybe);
	*d = (struct shell_decoded){0};
}

/* ---- evaluation --------------------------------------------------------------------------------
 */

static void maybe_field(struct text *maybe, const struct segment *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->cell[i].unknown)
			text_add(maybe, &f->cell[i].c, 1);
	text_add(maybe, " ", f->n > 0);
}

static void maybe_text(struct text *maybe, const struct text *more)
{
	text_add(maybe, more->data ? more->data : "", more->len);
}

static void var_forget(struct shell_var *var)
{
	free(var->value.cell);
	var->value = (struct segment){0};
	var->set = false;
	var->command = false;
	var->quotes = false;
	var->unknown = false;
	var->anything = false;
	text_done(&var->maybe);
}

/* Makes a value unknown: one unknown byte. Its known and possible values are kept in maybe. */
static int var_unknown(struct shell_var *var, size_t line, uint16_t file)
{
	struct src_byte c = {.c = '\x01', .unknown = true};
	struct text maybe = var->maybe;
	bool anything = var->anything || var->command, quotes = var->quotes;

	var->maybe = (struct text){0};
	maybe_field(&maybe, &var->value);
	var_forget(var);
	var->set = true;
	var->unknown = true;
	var->anything = anything;
	var->quotes = quotes;
	var->maybe = maybe;
	var->line = line;
	var->file = file;
	return maybe.failed ? -ENOMEM : segment_add(&var->value, &c);
}

static int value_refuse(const struct shell_event *e, const char *name, int rc, struct err *err)
{
	const char *why = rc == -E2BIG ? "expands to more than is read here (64 KiB, 1 MiB in all)"
			  : rc == -ELOOP ? "is nested too deeply"
					 : "can't be read";

	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (!e->name)
		return err_set(err, ENODATA, "%s:%zu: what is set so far %s", name, e->line, why);
	return err_set(err, ENODATA, "%s:%zu: the value of %s %s", name, e->line, e->name, why);
}

static int event_assign(struct shell_vars *vars, const struct shell_event *e, uint16_t file,
	const char *name, const char *text, struct err *err)
{
	_cleanup_(shell_decoded_done) struct shell_decoded d = {0};
	int r = shell_decode(vars, text, e->begin, e->end, file, &d);
	struct shell_var *var = r < 0 ? NULL : shell_var_make(vars, e->name);
	if (!var)
		return value_refuse(e, name, r < 0 ? r : -ENOMEM, err);
	if (e->append && var->set) {
		if (var->value.n + d.out.n > SHELL_VALUE_MAX ||
			work_count(vars, var->maybe.len) < 0)
			return value_refuse(e, name, -E2BIG, err);
		/* After an unknown value only the appended part is known. A parameter added after
		 * the old words is inserted before the new ones, in this file. */
		for (size_t i = 0; i < var->value.n; i++) {
			struct src_byte *c = &var->value.cell[i];
			c->out = d.out.n > 0 ? d.out.cell[0].begin : d.out.at;
			c->out_context = d.out.n > 0 ? d.out.cell[0].context : d.out.context;
		}
		for (size_t i = 0; i < d.out.n && r == 0; i++)
			r = segment_add(&var->value, &d.out.cell[i]);
		d.command |= var->command;
		d.quotes |= var->quotes;
		d.anything |= var->anything;
		maybe_text(&d.maybe, &var->maybe);
		var->value.at = d.out.at;
		var->value.context = d.out.context;
		var->value.file = file;
	} else {
		free(var->value.cell);
		var->value = d.out;
		d.out = (struct segment){0};
	}
	var->set = true;
	var->unknown = false;
	var->command = d.command;
	var->quotes = d.quotes;
	var->read_only = e->read_only;
	var->anything = d.anything;
	text_done(&var->maybe);
	var->maybe = d.maybe;
	d.maybe = (struct text){0};
	var->line = e->line;
	var->begin = e->begin;
	var->end = e->end;
	var->file = file;
	return r < 0 || var->maybe.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* An assignment that may or may not be run. */
static int event_maybe(
	struct shell_vars *vars, const struct shell_event *e, uint16_t file, const char *text)
{
	_cleanup_(shell_decoded_done) struct shell_decoded d = {0};
	bool known = e->kind == SHELL_UNSET;
	int rc = 0;

	if (e->kind == SHELL_ASSIGN) {
		rc = shell_decode(vars, text, e->begin, e->end, file, &d);
		known = rc == 0 && !d.command;
	}
	if (rc < 0 && rc != -EINVAL)
		return rc;
	struct shell_var *var = shell_var_make(vars, e->name);
	if (!var || var_unknown(var, e->line, file) < 0)
		return -ENOMEM;
	var->read_only |= e->read_only;
	var->anything |= d.anything || !known;
	var->quotes |= d.quotes;
	maybe_field(&var->maybe, &d.out);
	maybe_text(&var->maybe, &d.maybe);
	return var->maybe.failed ? -ENOMEM : 0;
}

int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct shell_event *e = &s->v[i];
		int r = 0;
		if (e->kind == SHELL_LEAVE) {
			if (e->conditional)
				return err_set(err, EINVAL,
					"%s:%zu: may leave the file here, so what follows is not certain",
					name, e->line);
			return 0;
		}
		if (e->kind == SHELL_OPAQUE) {
			for (size_t v = 0; vars->v && v < vars->n && r == 0; v++) {
				r = work_count(vars, 1);
				if (r == 0)
					r = var_unknown(&vars->v[v], e->line, file);
				vars->v[v].anything = true;
			}
			r = r < 0 ? value_refuse(e, name, r, err) : r;
		} else if (e->kind == SHELL_ASSIGN && !e->conditional) {
			r = event_assign(vars, e, file, name, text, err);
		} else if (e->kind == SHELL_UNSET && !e->conditional) {
			struct shell_var *var = shell_var_find(vars, e->name);
			if (var) {
				var_forget(var);
				var->file = file;
			}
		} else {
			r = event_maybe(vars, e, file, text);
			r = r < 0 ? value_refuse(e, name, r, err) : r;
		}
		if (r < 0)
			return r;
	}
	return 0;
}
