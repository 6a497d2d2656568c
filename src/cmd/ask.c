/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
	/* The rest of an overlong line is no answer to the next question. */
	while ((c = getc(stdin)) != EOF && c != '\n')
		;
	return true;
}

bool ask_yes(const char *fmt, ...)
{
	char answer[16];
	va_list ap;

	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	printf(" [y/N] ");
	return read_line(answer, sizeof(answer)) && (answer[0] == 'y' || answer[0] == 'Y');
}

bool ask_line(const char *question, char *buf, size_t size)
{
	printf("%s ", question);
	return read_line(buf, size);
}
