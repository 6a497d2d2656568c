/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/mounts.h"

#include "base/str.h"
#include "shared/tabfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* id, parent, device, root, mount point, options, optional fields…, "-", type, source, options */
#define MOUNT_WORDS_MAX 64
#define MOUNT_DEVICE 2
#define MOUNT_POINT 4
#define MOUNT_OPTIONAL 6

static bool mount_parse(char *line, struct mount_row *ret)
{
	char *words[MOUNT_WORDS_MAX];
	size_t n = tabfile_words(line, words, MOUNT_WORDS_MAX), dash = MOUNT_OPTIONAL;

	while (dash < n && !str_equal(words[dash], "-"))
		dash++;
	if (dash + 2 >= n || !tabfile_device(words[MOUNT_DEVICE], &ret->major, &ret->minor))
		return false;
	ret->point = words[MOUNT_POINT];
	ret->type = words[dash + 1];
	ret->source = words[dash + 2];
	ret->options = dash + 3 < n ? words[dash + 3] : "";
	return true;
}

int mount_table_parse(struct mount_table *ret, char *text)
{
	char *rest = text, *line;

	*ret = (struct mount_table){.text = text};
	while ((line = tabfile_line(&rest, false)) && ret->n < MOUNTS_MAX) {
		if (ret->n == ret->size) {
			size_t size = ret->size ? ret->size * 2 : 64;
			struct mount_row *at = realloc(ret->at, size * sizeof(*at));
			if (!at)
				return -ENOMEM;
			ret->at = at;
			ret->size = size;
		}
		if (mount_parse(line, &ret->at[ret->n]))
			ret->n++;
	}
	return 0;
}

void mount_table_done(struct mount_table *m)
{
	free(m->text);
	free(m->at);
	*m = (struct mount_table){0};
}

const struct mount_row *mount_table_at(const struct mount_table *m, const char *point)
{
	for (size_t i = m->n; i-- > 0;)
		if (str_equal(m->at[i].point, point))
			return &m->at[i];
	return NULL;
}

const struct mount_row *mount_table_of(const struct mount_table *m, const char *path)
{
	const struct mount_row *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < m->n; i++) {
		const char *point = m->at[i].point;
		size_t len = strlen(point);
		if (len == 1) /* "/" is a prefix of every path */
			len = 0;
		if (strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0') &&
			(!found || len >= longest)) {
			found = &m->at[i];
			longest = len;
		}
	}
	return found;
}

static int add(struct mounts *m, const char *device, const char *source, const char *point)
{
	if (m->n == m->size) {
		size_t size = m->size ? m->size * 2 : 16;
		struct mount *at = reallocarray(m->at, size, sizeof(*at));
		if (!at)
			return -ENOMEM;
		m->at = at;
		m->size = size;
	}
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

int mounts_add_mountinfo(struct mounts *m, char *text)
{
	struct mount_row row;
	char *line, device[sizeof(m->at->device)];
	int r = 0;

	while (r == 0 && (line = tabfile_line(&text, false))) {
		if (!mount_parse(line, &row) || !str_starts(row.source, "/dev/"))
			continue;
		(void)snprintf(device, sizeof(device), "%u:%u", row.major, row.minor);
		r = add(m, device, row.source, row.point);
	}
	return r;
}

/* Skips swap files: the mount of their file system covers them. */
int mounts_add_swaps(struct mounts *m, char *text)
{
	char *line, *source;
	int r = 0;

	while (r == 0 && (line = tabfile_line(&text, false)))
		if (tabfile_words(line, &source, 1) == 1 && str_starts(source, "/dev/"))
			r = add(m, "", source, "[SWAP]");
	return r;
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
