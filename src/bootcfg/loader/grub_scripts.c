/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub_scripts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MENU_MAX ((size_t)64 << 20) /* as large as one may be that is generated */

int grub_scripts_read(struct grub_scripts *s, const struct root *r, const char *menu)
{
	*s = (struct grub_scripts){0};
	if (root_read_large(r, menu, MENU_MAX, &s->text, &s->len, NULL) < 0)
		return 0;
	s->marked = memmem(s->text, s->len, "\n### BEGIN /", strlen("\n### BEGIN /")) != NULL;
	return line_index_make(&s->lines, s->text, s->len);
}

void grub_scripts_done(struct grub_scripts *s)
{
	free(s->text);
	line_index_done(&s->lines);
	*s = (struct grub_scripts){0};
}

/* The line of this number, without its newline. */
static const char *line_get(const struct grub_scripts *s, size_t number, size_t *ret_len)
{
	const char *line = s->text + s->lines.begin[number - 1];

	*ret_len = strcspn(line, "\n");
	return line;
}

/* "### BEGIN /PATH ###" */
static char *path_of(const char *line, size_t len, const char *mark)
{
	static const char tail[] = " ###";
	size_t n = strlen(mark), end = strlen(tail);

	if (len <= n + end || memcmp(line, mark, n) != 0 ||
		memcmp(line + len - end, tail, end) != 0)
		return NULL;
	return strndup(line + n, len - n - end);
}

char *grub_scripts_of(const struct grub_scripts *s, size_t line)
{
	for (size_t i = line < s->lines.n ? line : s->lines.n; s->text && s->marked && i > 0; i--) {
		size_t len;
		const char *at = line_get(s, i, &len);
		char *path = path_of(at, len, "### BEGIN /");
		if (path)
			return path;
		if (str_starts(at, "### END /"))
			return NULL;
	}
	return NULL;
}

size_t grub_scripts_copied(
	const struct grub_scripts *s, const struct root *r, const char *script, size_t line)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len, wanted_len, number = 1;

	if (!s->text || line == 0 || line > s->lines.n ||
		root_read(r, script, &text, &len, NULL) < 0)
		return 0;
	const char *wanted = line_get(s, line, &wanted_len);
	for (const char *at = text; *at; number++) {
		size_t n = strcspn(at, "\n");
		if (n == wanted_len && memcmp(at, wanted, n) == 0)
			return number;
		at += n + (at[n] == '\n');
	}
	return 0;
}
