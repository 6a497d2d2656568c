/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mounts.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Blanks and backslashes are written as \040 and the like (mangle in fs/proc_namespace.c). */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
			s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static int add(struct mounts *m, const char *device, char *source, char *point)
{
	if (m->n == m->size) {
		size_t size = m->size ? m->size * 2 : 16;
		struct mount *at = reallocarray(m->at, size, sizeof(*at));
		if (!at)
			return -ENOMEM;
		m->at = at;
		m->size = size;
	}
	unescape(source);
	unescape(point);
	struct mount one = {.source = strdup(strrchr(source, '/') + 1), .point = strdup(point)};
	if (!one.source || !one.point) {
		free(one.source);
		free(one.point);
		return -ENOMEM;
	}
	(void)str_copy(one.device, sizeof(one.device), device);
	m->at[m->n++] = one;
	return 0;
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/sda1 rw": fields up to " - " vary. */
static int add_line(struct mounts *m, char *line)
{
	char *rest = strstr(line, " - "), *field[5];

	if (!rest)
		return 0;
	*rest = '\0';
	rest += strlen(" - ");
	for (size_t i = 0; i < 5; i++)
		if (!(field[i] = strsep(&line, " ")))
			return 0;
	(void)strsep(&rest, " ");
	char *source = strsep(&rest, " ");
	return source && str_starts(source, "/dev/") ? add(m, field[2], source, field[4]) : 0;
}

int mounts_add_mountinfo(struct mounts *m, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		int r = add_line(m, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A swap file has the file system below it for a mount. */
int mounts_add_swaps(struct mounts *m, char *text)
{
	static const char swap[] = "[SWAP]";
	char *line, point[sizeof(swap)];

	while ((line = strsep(&text, "\n"))) {
		char *source = strsep(&line, " \t");
		memcpy(point, swap, sizeof(swap));
		int r = str_starts(source, "/dev/") ? add(m, "", source, point) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->at[i].source);
		free(m->at[i].point);
	}
	free(m->at);
	*m = (struct mounts){0};
}
