/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/tabfile.h"

#include "base/str.h"

#include <string.h>

#define BLANKS " \t"

char *tabfile_line(char **text, bool comments)
{
	char *line;

	while ((line = strsep(text, "\n"))) {
		line += strspn(line, BLANKS);
		if (*line != '\0' && !(comments && *line == '#'))
			return line;
	}
	return NULL;
}

/* "\040" is a blank; anything else stays unchanged (mangle_path in fs/seq_file.c). */
static void unescape(char *word)
{
	char *to = word;

	for (const char *p = word; *p != '\0';) {
		bool octal = p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' &&
			     p[2] <= '7' && p[3] >= '0' && p[3] <= '7';
		int c = octal ? (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0') : *p;
		p += octal ? 4 : 1;
		*to++ = (char)(c != 0 ? c : '?');
	}
	*to = '\0';
}

size_t tabfile_words(char *line, char **words, size_t max)
{
	size_t n = 0;

	while (n < max) {
		line += strspn(line, BLANKS);
		if (*line == '\0')
			break;
		words[n++] = line;
		line += strcspn(line, BLANKS);
		if (*line == '\0')
			break;
		*line++ = '\0';
	}
	for (size_t i = 0; i < n; i++)
		unescape(words[i]);
	return n;
}

bool crypttab_next(char **text, struct crypttab_row *ret)
{
	char *line, *words[4];

	while ((line = tabfile_line(text, true))) {
		size_t n = tabfile_words(line, words, 4);
		if (n < 2)
			continue;
		*ret = (struct crypttab_row){.name = words[0],
			.device = words[1],
			.key = n > 2 ? words[2] : "",
			.options = n > 3 ? words[3] : ""};
		return true;
	}
	return false;
}

static const char *option_find(const char *options, const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	for (const char *p = options; *p != '\0'; p += *p == ',') {
		*ret_len = strcspn(p, ",");
		if (*ret_len >= len && strncmp(p, name, len) == 0 &&
			(*ret_len == len || p[len] == '='))
			return p;
		p += *ret_len;
	}
	return NULL;
}

bool tabfile_option(const char *options, const char *name)
{
	size_t len;

	return option_find(options, name, &len) != NULL;
}

bool tabfile_option_value(const char *options, const char *name, char *buf, size_t size)
{
	size_t len, skip = strlen(name) + 1;
	const char *option = option_find(options, name, &len);

	if (!option || len < skip || len - skip >= size)
		return false;
	memcpy(buf, option + skip, len - skip);
	buf[len - skip] = '\0';
	return true;
}
