/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/shell_run.h"

#include "bootcfg/format/shell_encode.h"
#include "bootcfg/format/shell_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The value of an assignment, text[begin, end): its bytes, and what is not certain about it. */
struct shell_decoded {
	struct segment out;
	bool command, anything; /* as in shell_var */
	struct text maybe;
};
static int shell_decode(const struct shell_vars *vars, const char *text, size_t begin, size_t end,
	uint16_t file, struct shell_decoded *ret) _must_check_;
static void shell_decoded_done(struct shell_decoded *d);

/* ---- shell_vars --------------------------------------------------------------------------------
 */

void shell_vars_done(struct shell_vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		free(vars->v[i].name);
		free(vars->v[i].value.cell);
		text_done(&vars->v[i].maybe);
	}
	free(vars->v);
	*vars = (struct shell_vars){0};
}

struct shell_var *shell_var_find(const struct shell_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (str_equal(vars->v[i].name, name))
			return &vars->v[i];
	return NULL;
}

struct shell_var *shell_var_make(struct shell_vars *vars, const char *name)
{
	struct shell_var *var = shell_var_find(vars, name);
	if (var)
		return var;
	struct shell_var *v = realloc(vars->v, (vars->n + 1) * sizeof(*v));
	char *copy = v ? strdup(name) : NULL;
	if (v)
		vars->v = v;
	if (!copy)
		return NULL;
	v[vars->n] = (struct shell_var){.name = copy};
	return &v[vars->n++];
}

/* ---- shell_value -------------------------------------------------------------------------------
 */

#define DEPTH_MAX 16

/* A value while it is decoded: its bytes, and the last position where more can be written. */
struct decode {
	const struct shell_vars *vars;
	const char *text;
	uint16_t file;
	struct shell_decoded to;
	unsigned depth;
};

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
	return segment_add(&d->to.out, &cell);
}

static void spot_set(struct decode *d, size_t at, uint8_t context)
{
	d->to.out.at = at;
	d->to.out.context = context;
}

static void unknown_put(struct decode *d, const struct shell_var *var)
{
	if (!var)
		return;
	d->to.anything |= var->anything;
	text_add(&d->to.maybe, var->maybe.data ? var->maybe.data : "", var->maybe.len);
}

/* Adds the bytes of a variable, which keep their origin; text after them is inserted at `end`. */
static int var_put(struct decode *d, const struct shell_var *var, size_t end, uint8_t context)
{
	for (size_t i = 0; i < var->value.n; i++) {
		struct src_byte c = var->value.cell[i];
		c.out = end;
		c.out_context = context;
		if (segment_add(&d->to.out, &c) < 0)
			return -ENOMEM;
	}
	d->to.command |= var->command;
	unknown_put(d, var);
	return 0;
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
		unknown_put(d, var);
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
		unknown_put(d, var);
		return cell_put(d, '\x01', true, from, name_end, context);
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

	for (; i < end && d->text[i] != '\''; i++)
		if (cell_put(d, d->text[i], false, i, i + 1, SHELL_SINGLE) < 0)
			return -ENOMEM;
	spot_set(d, i, SHELL_SINGLE);
	*at = i + 1;
	return i < end ? 0 : -EINVAL;
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

	if (++d->depth > DEPTH_MAX)
		return -EINVAL;
	spot_set(d, begin, context);
	while (r == 0 && i < end) {
		char c = d->text[i], next = i + 1 < end ? d->text[i + 1] : '\0';
		if (c == '\'' && context == SHELL_BARE) {
			r = single_decode(d, &i, end);
		} else if (c == '"') {
			r = double_decode(d, &i, end);
		} else if (c == '$' && next == '\'' && context == SHELL_BARE) {
			/* $'…' is for bash only, has many escapes and is not used here. */
			size_t skip = scan_skip(d->text, i, end, 0);
			r = skip == SIZE_MAX ? -EINVAL
					     : cell_put(d, '\x01', true, i, skip, context);
			i = skip;
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

static int shell_decode(const struct shell_vars *vars, const char *text, size_t begin, size_t end,
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

/* ---- shell_run ---------------------------------------------------------------------------------
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
	var->unknown = false;
	var->anything = false;
	text_done(&var->maybe);
}

/* Makes a value unknown: one unknown byte. Its known and possible values are kept in maybe. */
static int var_unknown(struct shell_var *var, size_t line, uint16_t file)
{
	struct src_byte c = {.c = '\x01', .unknown = true};
	struct text maybe = var->maybe;
	bool anything = var->anything || var->command;

	var->maybe = (struct text){0};
	maybe_field(&maybe, &var->value);
	var_forget(var);
	var->set = true;
	var->unknown = true;
	var->anything = anything;
	var->maybe = maybe;
	var->line = line;
	var->file = file;
	return maybe.failed ? -ENOMEM : segment_add(&var->value, &c);
}

static int event_assign(struct shell_vars *vars, const struct shell_event *e, uint16_t file,
	const char *name, const char *text, struct err *err)
{
	_cleanup_(shell_decoded_done) struct shell_decoded d = {0};
	int r = shell_decode(vars, text, e->begin, e->end, file, &d);
	struct shell_var *var = r < 0 ? NULL : shell_var_make(vars, e->name);
	if (!var)
		return r == -EINVAL ? err_set(err, EINVAL, "%s:%zu: the value of %s can't be read",
					      name, e->line, e->name)
				    : err_set(err, ENOMEM, "out of memory");
	if (e->append && var->set) {
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

	if (e->kind == SHELL_ASSIGN)
		known = shell_decode(vars, text, e->begin, e->end, file, &d) == 0 && !d.command;
	struct shell_var *var = shell_var_make(vars, e->name);
	if (!var || var_unknown(var, e->line, file) < 0)
		return -ENOMEM;
	var->read_only |= e->read_only;
	var->anything |= d.anything || !known;
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
			for (size_t v = 0; v < vars->n && r == 0; v++) {
				r = var_unknown(&vars->v[v], e->line, file);
				vars->v[v].anything = true;
			}
			r = r < 0 ? err_set(err, ENOMEM, "out of memory") : r;
		} else if (e->kind == SHELL_ASSIGN && !e->conditional) {
			r = event_assign(vars, e, file, name, text, err);
		} else if (e->kind == SHELL_UNSET && !e->conditional) {
			struct shell_var *var = shell_var_find(vars, e->name);
			if (var) {
				var_forget(var);
				var->file = file;
			}
		} else {
			if (event_maybe(vars, e, file, text) < 0)
				r = err_set(err, ENOMEM, "out of memory");
		}
		if (r < 0)
			return r;
	}
	return 0;
}
