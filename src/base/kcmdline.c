/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/kcmdline.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int kcmdline_read(char **ret, const char *root)
{
	_cleanup_(str_free) char *path = NULL, *line = malloc(KCMDLINE_MAX);

	if (!line || (root && *root && asprintf(&path, "%s/proc/cmdline", root) < 0))
		return -ENOMEM;
	ssize_t n = file_read_small(AT_FDCWD, path ? path : "/proc/cmdline", line, KCMDLINE_MAX);
	if (n < 0)
		return (int)n;
	*ret = line;
	line = NULL;
	return 0;
}

bool kcmdline_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *kcmdline_word_end(const char *s)
{
	bool quoted = false;

	for (; *s != '\0' && (quoted || !kcmdline_is_blank(*s)); s++)
		if (*s == '"')
			quoted = !quoted;
	return s;
}

bool kcmdline_word_next(const char **s, char buf[static KCMDLINE_WORD_MAX])
{
	const char *p = *s;
	size_t n = 0;

	while (kcmdline_is_blank(*p))
		p++;
	*s = kcmdline_word_end(p);
	if (p == *s)
		return false;
	for (; p < *s; p++)
		if (*p != '"' && n + 1 < KCMDLINE_WORD_MAX)
			buf[n++] = *p;
	buf[n] = '\0';
	return true;
}

bool kcmdline_has(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = line, *end; *p; p = end) {
		while (kcmdline_is_blank(*p))
			p++;
		end = kcmdline_word_end(p);
		if (end > p && (size_t)(end - p) == len && memcmp(p, word, len) == 0)
			return true;
	}
	return false;
}

bool kcmdline_word_is(const char *word, const char *name)
{
	for (; *name; word++, name++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return false;
	return *word == '\0' || *word == '=';
}
