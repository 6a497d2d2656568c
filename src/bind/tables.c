/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/tables.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

/* id, parent, device, root, mount point, options, optional fields…, "-", type, source, options */
#define MOUNT_WORDS_MAX 64
#define MOUNT_DEVICE 2
#define MOUNT_POINT 4
#define MOUNT_OPTIONAL 6

char *table_line(char **text, bool comments)
{
	char *line;

	while ((line = strsep(text, "\n"))) {
		line += strspn(line, BLANKS);
		if (*line != '\0' && !(comments && *line == '#'))
			return line;
	}
	return NULL;
}

/* "\040" is a blank; what is no such escape stays as it is (mangle_path in fs/seq_file.c). */
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

size_t table_words(char *line, char **words, size_t max)
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

bool table_option(const char *options, const char *name)
{
	size_t len;

	return option_find(options, name, &len) != NULL;
}

bool table_option_value(const char *options, const char *name, char *buf, size_t size)
{
	size_t len, skip = strlen(name) + 1;
	const char *option = option_find(options, name, &len);

	if (!option || len < skip || len - skip >= size)
		return false;
	memcpy(buf, option + skip, len - skip);
	buf[len - skip] = '\0';
	return true;
}

/* By hand: sscanf would be a tenth of the program. */
bool table_device(const char *word, unsigned *ret_major, unsigned *ret_minor)
{
	char copy[32];
	unsigned long major, minor;

	if (strlen(word) >= sizeof(copy))
		return false;
	(void)str_copy(copy, sizeof(copy), word);
	char *colon = strchr(copy, ':');
	if (!colon)
		return false;
	*colon = '\0';
	if (!str_decimal(copy, UINT32_MAX, &major) || !str_decimal(colon + 1, UINT32_MAX, &minor))
		return false;
	*ret_major = (unsigned)major;
	*ret_minor = (unsigned)minor;
	return true;
}

static bool mount_parse(char *line, struct mount_row *ret)
{
	char *words[MOUNT_WORDS_MAX];
	size_t n = table_words(line, words, MOUNT_WORDS_MAX), dash = MOUNT_OPTIONAL;

	while (dash < n && !str_equal(words[dash], "-"))
		dash++;
	if (dash + 2 >= n || !table_device(words[MOUNT_DEVICE], &ret->major, &ret->minor))
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
	while ((line = table_line(&rest, false)) && ret->n < MOUNTS_MAX) {
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
		if (len == 1) /* "/" ends where every path begins */
			len = 0;
		if (strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0') &&
			(!found || len >= longest)) {
			found = &m->at[i];
			longest = len;
		}
	}
	return found;
}
