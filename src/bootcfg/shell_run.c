/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/shell_run.h"

#include "bootcfg/shell_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* A value nobody can tell: one opaque cell. What it was and what it may become is kept in maybe. */
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
		/* Behind an unknown value a known one is known again only as far as it goes. What
		 * is added behind its words goes in front of the new ones, in this file. */
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
