/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/prompt.h"

#include "shared/term.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUESTION_MAX 1024

static bool read_line(char *buf, size_t size)
{
	int c;

	(void)fflush(stdout);
	if (!fgets(buf, (int)size, stdin)) {
		puts("");
		buf[0] = '\0';
		return false;
	}
	char *end = strchr(buf, '\n');
	if (end) {
		*end = '\0';
		return true;
	}
	/* The rest of an overlong line is not an answer to the next question. */
	while ((c = getc(stdin)) != EOF && c != '\n')
		;
	return true;
}

bool prompt_yes(const char *fmt, ...)
{
	char answer[16], text[QUESTION_MAX];
	char *rest = text, *line;
	struct term page;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	term_open(&page, stdout, COLOUR_NEVER);
	while ((line = strsep(&rest, "\n"))) {
		term_line(&page, 0);
		term_words(&page, PLAIN, "%s%s", line, rest ? "" : " [y/N]");
	}
	putchar(' ');
	return read_line(answer, sizeof(answer)) && (answer[0] == 'y' || answer[0] == 'Y');
}

bool prompt_line(const char *question, char *buf, size_t size)
{
	printf("%s ", question);
	return read_line(buf, size);
}
