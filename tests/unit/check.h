/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_H
#define CHECK_H

/*
 * Unit tests in the protocol of tests/run. A program names a case, checks, names the next:
 *
 *	check_case("an address without a domain is of domain 0");
 *	CHECK(slot_read("01:00.0", &slot));
 *	CHECK_INT(slot.domain, 0);
 *	...
 *	return check_done();
 *
 * A check that fails is told on standard error with its place, and the case goes on; each macro is
 * true when its check holds, for `if (!CHECK(p)) return;`. A case that checks nothing fails.
 * What is tested stands first, what is expected second.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(holds) check_that((holds), __FILE__, __LINE__, "%s", #holds)

#define CHECK_INT(actual, expected)                                                                \
	check_int((long long)(actual), (long long)(expected), __FILE__, __LINE__, #actual)

/* NULL is equal to NULL only. */
#define CHECK_STR(actual, expected) check_str((actual), (expected), __FILE__, __LINE__, #actual)

/* For texts of errors: what has to be in it, not each of its words. */
#define CHECK_HAS(actual, part) check_has((actual), (part), __FILE__, __LINE__, #actual)

/* Only for what this machine can't do; the reason goes to whoever reads the totals. */
#define CHECK_SKIP(reason) ((void)(the_check.skipped = (reason)))

static struct {
	char name[200];
	char reason[400];
	const char *skipped;
	unsigned checks;
	unsigned failures; /* in this case */
	bool open;
	bool failed; /* in any case */
} the_check;

/* A shell starts what runs in the background with some of them ignored, and an ignored signal is
 * none to whoever waits for it. */
__attribute__((constructor)) static void check_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		(void)signal(signals[i], SIG_DFL);
}

static inline void check_end(void)
{
	if (!the_check.open)
		return;
	if (the_check.failures == 0 && the_check.checks == 0 && !the_check.skipped) {
		the_check.failures = 1;
		(void)snprintf(the_check.reason, sizeof(the_check.reason), "checked nothing");
	}
	if (the_check.failures > 0) {
		printf("not ok - %s: %s", the_check.name, the_check.reason);
		if (the_check.failures > 1)
			printf(" (and %u more)", the_check.failures - 1);
		printf("\n");
		the_check.failed = true;
		/* tests/mutants: one failure is all that it asks for. */
		if (getenv("CHECK_STOP"))
			_exit(1);
	} else if (the_check.skipped) {
		printf("skip - %s: %s\n", the_check.name, the_check.skipped);
	} else {
		printf("ok - %s\n", the_check.name);
	}
	(void)fflush(stdout);
	the_check.open = false;
}

__attribute__((format(printf, 1, 2))) static inline void check_case(const char *fmt, ...)
{
	va_list ap;

	check_end();
	va_start(ap, fmt);
	(void)vsnprintf(the_check.name, sizeof(the_check.name), fmt, ap);
	va_end(ap);
	the_check.checks = the_check.failures = 0;
	the_check.skipped = NULL;
	the_check.open = true;
}

/* The exit status of the program. One that ends early, with status 0, in a child's place or by
 * _exit, would be taken for good: the end of the last case leaves a file. */
static inline int check_done(void)
{
	const char *mark = getenv("CHECK_DONE");

	check_end();
	FILE *mark_file = mark ? fopen(mark, "we") : NULL;
	if (mark_file)
		(void)fclose(mark_file);
	return the_check.failed;
}

__attribute__((format(printf, 4, 5))) static inline bool check_that(
	bool holds, const char *file, int line, const char *fmt, ...)
{
	the_check.checks++;
	if (holds)
		return true;

	char text[sizeof(the_check.reason)];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* One line each: the protocol has no others. */
	for (char *at = text; *at; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	(void)fprintf(stderr, "%s:%d: %s: %s\n", file, line, the_check.name, text);
	if (the_check.failures++ == 0)
		(void)snprintf(the_check.reason, sizeof(the_check.reason), "%s:%d: %.300s", file,
			line, text);
	return false;
}

static inline bool check_int(
	long long actual, long long expected, const char *file, int line, const char *what)
{
	return check_that(
		actual == expected, file, line, "%s is %lld, not %lld", what, actual, expected);
}

static inline bool check_str(
	const char *actual, const char *expected, const char *file, int line, const char *what)
{
	bool same = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;

	return check_that(same, file, line, "%s is \"%s\", not \"%s\"", what,
		actual ? actual : "(null)", expected ? expected : "(null)");
}

static inline bool check_has(
	const char *actual, const char *part, const char *file, int line, const char *what)
{
	return check_that(actual && strstr(actual, part), file, line,
		"%s is \"%s\", without \"%s\"", what, actual ? actual : "(null)", part);
}

/* Runs a command of the test's own in a shell; true if it ends with 0. */
__attribute__((format(printf, 1, 2))) static inline bool check_shell(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return system(line) == 0; // NOLINT(cert-env33-c): the test's own words
}

#endif
