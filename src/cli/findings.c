/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/findings.h"

#include "base/array.h"
#include "base/log.h"
#include "base/str.h"
#include "shared/prompt.h"
#include "shared/spawn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_WORDS 8

void findings_add(struct findings *f, bool is_error, const char *topic, const char *detail,
	const char *command, const char *fmt, ...)
{
	struct finding one = {.is_error = is_error, .topic = topic};
	va_list ap;

	struct finding *at = array_grow(f->at, f->n, &f->size, sizeof(*at));
	if (!at) {
		f->failed = true;
		return;
	}
	f->at = at;
	va_start(ap, fmt);
	int n = vasprintf(&one.summary, fmt, ap);
	va_end(ap);
	one.command = command && n >= 0 ? strdup(command) : NULL;
	one.detail = strdup(detail);
	if (n < 0 || (command && !one.command) || !one.detail) {
		if (n >= 0)
			free(one.summary);
		free(one.command);
		free(one.detail);
		f->failed = true;
		return;
	}
	f->at[f->n++] = one;
}

static void finding_done(struct finding *one)
{
	free(one->summary);
	free(one->command);
	free(one->detail);
}

static bool is_said(const struct findings *f, size_t n, const struct finding *one)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(f->at[i].topic, one->topic) &&
			str_equal(f->at[i].summary, one->summary))
			return true;
	return false;
}

void findings_prefix(struct findings *f, size_t from, const char *prefix)
{
	size_t n = from;

	for (size_t i = from; i < f->n; i++) {
		struct finding *one = &f->at[i];
		char *whole;
		if (is_said(f, from, one)) {
			finding_done(one);
			continue;
		}
		if (asprintf(&whole, "%s%s", prefix, one->summary) < 0) {
			f->failed = true;
		} else {
			free(one->summary);
			one->summary = whole;
		}
		f->at[n++] = *one;
	}
	f->n = n;
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_done(&f->at[i]);
	free(f->at);
	*f = (struct findings){0};
}

static const char *known(const char *const *topics, const char *topic)
{
	for (; *topics; topics++)
		if (str_equal(*topics, topic))
			return *topics;
	return NULL;
}

void findings_write(const struct findings *f, const char *const *topics, struct text *t)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->at[i];
		if (!known(topics, one->topic))
			continue;
		text_print(t, "%s %s\nwhat %s\nwhy %s\n", one->is_error ? "wrong" : "note",
			one->topic, one->summary, one->detail);
		if (one->command)
			text_print(t, "command %s\n", one->command);
	}
}

struct lines {
	const char *kind, *topic, *summary, *reason, *command;
};

static void add_read(struct findings *f, struct lines *l)
{
	if (l->topic && l->summary && l->reason)
		findings_add(f, str_equal(l->kind, "wrong"), l->topic, l->reason, l->command, "%s",
			l->summary);
	*l = (struct lines){0};
}

void findings_read(struct findings *f, const char *const *topics, char *text)
{
	struct lines l = {0};

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *word = strsep(&line, " ");
		if (!line)
			continue;
		if (str_equal(word, "wrong") || str_equal(word, "note")) {
			add_read(f, &l);
			l = (struct lines){.kind = word, .topic = known(topics, line)};
		} else if (str_equal(word, "what")) {
			l.summary = line;
		} else if (str_equal(word, "why")) {
			l.reason = line;
		} else if (str_equal(word, "command")) {
			l.command = line;
		}
	}
	add_read(f, &l);
}

bool findings_hold_wrong(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].is_error)
			return true;
	return false;
}

static void print_one(const struct finding *one, struct term *p)
{
	term_line(p, 0);
	term_put(p, one->is_error ? BAD : NOTE, "%-6s", one->is_error ? "wrong" : "note");
	p->indent = p->column;
	term_words(p, BOLD, "%s", one->summary);
	term_line(p, 6);
	term_words(p, PLAIN, "%s", one->detail);
	if (!one->command)
		return;
	term_line(p, 6);
	term_whole(p, GOOD, "$ %s", one->command);
}

/* Errors first. */
void findings_print(const struct findings *f, struct term *p)
{
	for (int remarks = 0; remarks <= 1; remarks++)
		for (size_t i = 0; i < f->n; i++)
			if (f->at[i].is_error == !remarks)
				print_one(&f->at[i], p);
	term_end(p);
}

void findings_print_json(const struct findings *f, struct json *j)
{
	json_open_array(j, "findings");
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->at[i];
		json_open_object(j, NULL);
		json_string(j, "severity", one->is_error ? "wrong" : "note");
		json_string(j, "topic", one->topic);
		json_string(j, "what", one->summary);
		json_string(j, "why", one->detail);
		json_string(j, "command", one->command);
		json_close_object(j);
	}
	json_close_array(j);
}

/* Splits a command into its words, in `copy`; NULL after the last one. */
static void split(char *copy, const char *argv[static COMMAND_WORDS + 1])
{
	char *word;
	size_t n = 0;

	while (n < COMMAND_WORDS && (word = strsep(&copy, " ")))
		argv[n++] = word;
	argv[n] = NULL;
}

static bool bootcfg_has_it(const char *command)
{
	_cleanup_(str_free) char *question = NULL;
	const char *argv[COMMAND_WORDS + 1];
	struct err err;

	if (asprintf(&question, "%s --check --quiet", command) < 0) {
		question = NULL;
		return false;
	}
	split(question, argv);
	return spawn_silently(argv, &err) == 0;
}

void findings_ask_bootcfg(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct finding *one = &f->at[i];
		if (!one->command || !str_starts(one->command, "vfio-bootcfg ") ||
			!bootcfg_has_it(one->command))
			continue;
		char *detail = strdup("what boots next has it right: reboot");
		if (!detail) {
			f->failed = true;
			return;
		}
		free(one->detail);
		one->detail = detail;
		free(one->command);
		one->command = NULL;
	}
}

/* The first finding with the same command, or itself. */
static struct finding *first_with(struct findings *f, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (f->at[before].command && str_equal(f->at[before].command, f->at[i].command))
			return &f->at[before];
	return &f->at[i];
}

static bool may_run(const struct finding *one, bool yes)
{
	puts(""); /* ends the output of the previous command */
	return yes || prompt_yes("%s\nRun `%s`?", one->summary, one->command);
}

static bool run_one(const char *command)
{
	_cleanup_(str_free) char *copy = strdup(command);
	const char *argv[COMMAND_WORDS + 1] = {NULL};
	struct err err = {""};

	if (copy)
		split(copy, argv);
	int r = argv[0] ? spawn_program(argv, &err) : -1;
	if (r < 0)
		log_print(LOG_ERROR, "%s", err.text);
	else if (r > 0)
		log_print(LOG_ERROR, "%s: ended with status %d", command, r);
	return r == 0;
}

static void log_fixed(const struct findings *f)
{
	size_t is_error = 0, fixed = 0;

	for (size_t i = 0; i < f->n; i++) {
		fixed += f->at[i].fixed;
		is_error += f->at[i].is_error && !f->at[i].fixed;
	}
	if (fixed > 0)
		log_print(LOG_NOTICE,
			"%zu of %zu findings mended; reboot now, then run vfio-bind check again",
			fixed, f->n);
	if (is_error > 0)
		log_print(LOG_WARNING, "still wrong: %zu of the findings above", is_error);
}

enum fix_result findings_fix(struct findings *f, bool yes)
{
	enum fix_result result = FIX_ALL;

	for (size_t i = 0; i < f->n; i++) {
		struct finding *one = &f->at[i], *first = one->command ? first_with(f, i) : one;
		if (first != one)
			one->fixed = first->fixed;
		else if (one->command && may_run(one, yes))
			one->fixed = run_one(one->command);
		else
			continue;
		if (!one->fixed && first == one)
			result = FIX_FAILED;
	}
	for (size_t i = 0; i < f->n && result == FIX_ALL; i++)
		if (f->at[i].is_error && !f->at[i].fixed)
			result = FIX_NOT_ALL;
	log_fixed(f);
	return result;
}
