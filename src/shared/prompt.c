/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/prompt.h"

#include "base/interrupt.h"
#include "shared/term.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define QUESTION_MAX 1024

static bool ended;

bool prompt_ended(void)
{
	return ended;
}

/* Waits for input. False: a signal came that asks the process to end (base/interrupt), and stays
 * pending for the caller. */
static bool wait_for_input(int interrupts)
{
	struct pollfd p[] = {{STDIN_FILENO, POLLIN, 0}, {interrupts, POLLIN, 0}};

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return true; /* read(2) says what is wrong */
	return !p[1].revents;
}

enum line { LINE_READ, LINE_TOO_LONG, LINE_NONE };

/* Byte by byte, so that what follows the line is left to the next question. */
static enum line read_bytes(char *buf, size_t size, int interrupts)
{
	size_t len = 0;
	bool fits = true;
	char c;

	for (;;) {
		if (!wait_for_input(interrupts))
			return LINE_NONE;
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == '\n') {
			buf[len] = '\0';
			return n <= 0 && len == 0 ? LINE_NONE : fits ? LINE_READ : LINE_TOO_LONG;
		}
		fits &= len + 1 < size;
		if (fits && c != '\r')
			buf[len++] = c;
	}
}

static enum line read_line(char *buf, size_t size)
{
	int interrupts = interrupt_fd(); /* -1: poll(2) ignores it */

	(void)fflush(stdout);
	enum line line = read_bytes(buf, size, interrupts);
	if (interrupts >= 0)
		(void)close(interrupts);
	if (line == LINE_NONE) {
		ended = true;
		puts("");
		buf[0] = '\0';
	}
	return line;
}

/* 1: "y" or "yes", 0: "n", "no" or nothing, -1: neither. */
static int answer_yes(const char *answer)
{
	static const char *const yes[] = {"y", "yes"}, *const no[] = {"", "n", "no"};

	answer += strspn(answer, " \t");
	size_t len = strcspn(answer, " \t");
	for (size_t i = 0; i < 2; i++)
		if (strlen(yes[i]) == len && strncasecmp(answer, yes[i], len) == 0)
			return 1;
	for (size_t i = 0; i < 3; i++)
		if (strlen(no[i]) == len && strncasecmp(answer, no[i], len) == 0)
			return 0;
	return -1;
}

static void ask_yes(const char *question)
{
	struct term page;

	term_open(&page, stdout, COLOUR_NEVER);
	for (const char *line = question; line;) {
		size_t len = strcspn(line, "\n");
		const char *rest = line[len] ? line + len + 1 : NULL;
		term_line(&page, 0);
		term_words(&page, PLAIN, "%.*s%s", (int)len, line, rest ? "" : " [y/N]");
		line = rest;
	}
	putchar(' ');
}

bool prompt_yes(const char *fmt, ...)
{
	char answer[64], text[QUESTION_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (;;) {
		ask_yes(text);
		enum line read = read_line(answer, sizeof(answer));
		int yes = read == LINE_READ ? answer_yes(answer) : -1;
		if (read == LINE_NONE || yes >= 0)
			return yes > 0;
		puts("Write y or n.");
	}
}

bool prompt_line(const char *question, char *buf, size_t size)
{
	for (;;) {
		printf("%s ", question);
		enum line read = read_line(buf, size);
		if (read != LINE_TOO_LONG)
			return read == LINE_READ;
		printf("The answer is longer than %zu characters; write less at a time.\n",
			size - 1);
	}
}
