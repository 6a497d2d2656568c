/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/findings.h"

#include "base/log.h"
#include "base/str.h"
#include "cmd/ask.h"
#include "cmd/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_WORDS 8

void findings_add(struct findings *f, bool wrong, const char *topic, const char *matters,
	const char *command, const char *fmt, ...)
{
	struct finding one = {.wrong = wrong, .topic = topic, .matters = matters};
	va_list ap;

	if (f->n == f->size) {
		size_t size = f->size ? f->size * 2 : 16;
		struct finding *at = reallocarray(f->at, size, sizeof(*at));
		if (!at) {
			f->failed = true;
			return;
		}
		f->at = at;
		f->size = size;
	}
	va_start(ap, fmt);
	int n = vasprintf(&one.what, fmt, ap);
	va_end(ap);
	one.command = command && n >= 0 ? strdup(command) : NULL;
	if (n < 0 || (command && !one.command)) {
		if (n >= 0)
			free(one.what);
		f->failed = true;
		return;
	}
	f->at[f->n++] = one;
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->at[i].what);
		free(f->at[i].command);
	}
	free(f->at);
	*f = (struct findings){0};
}

bool findings_hold_wrong(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].wrong)
			return true;
	return false;
}

static void print_one(const struct finding *one, struct page *p)
{
	page_line(p, 0);
	page_put(p, one->wrong ? BAD : NOTE, "%-6s", one->wrong ? "wrong" : "note");
	p->indent = p->column;
	page_words(p, BOLD, "%s", one->what);
	page_line(p, 6);
	page_words(p, PLAIN, "%s", one->matters);
	if (!one->command)
		return;
	page_line(p, 6);
	page_put(p, GOOD, "$ %s", one->command);
}

/* What is wrong first. */
void findings_print(const struct findings *f, struct page *p)
{
	for (int remarks = 0; remarks <= 1; remarks++)
		for (size_t i = 0; i < f->n; i++)
			if (f->at[i].wrong == !remarks)
				print_one(&f->at[i], p);
	page_end(p);
}

void findings_print_json(const struct findings *f, struct json *j)
{
	json_open_array(j, "findings");
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->at[i];
		json_open_object(j, NULL);
		json_string(j, "severity", one->wrong ? "wrong" : "note");
		json_string(j, "topic", one->topic);
		json_string(j, "what", one->what);
		json_string(j, "why", one->matters);
		json_string(j, "command", one->command);
		json_close_object(j);
	}
	json_close_array(j);
}

static bool is_first(const struct findings *f, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (f->at[before].command && str_equal(f->at[before].command, f->at[i].command))
			return false;
	return true;
}

static bool run_one(const char *command)
{
	_cleanup_(str_free) char *copy = strdup(command);
	const char *argv[COMMAND_WORDS + 1] = {NULL};
	struct err err = {""};
	char *rest = copy, *word;
	size_t n = 0;

	while (copy && n < COMMAND_WORDS && (word = strsep(&rest, " ")))
		argv[n++] = word;
	int r = n > 0 ? run_program(argv, &err) : -1;
	if (r < 0)
		log_print(LOG_ERROR, "%s", err.text);
	else if (r > 0)
		log_print(LOG_ERROR, "%s: ended with status %d", command, r);
	return r == 0;
}

bool findings_fix(const struct findings *f, bool yes)
{
	bool good = true;

	for (size_t i = 0; i < f->n; i++) {
		const char *command = f->at[i].command;
		if (!command || !is_first(f, i))
			continue;
		if (!yes && !ask_yes("%s\nRun `%s`?", f->at[i].what, command))
			continue;
		good &= run_one(command);
	}
	return good;
}
