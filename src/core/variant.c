/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/variant.h"

#include "base/array.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define FILE_MAX 65536U

void variant_alias(const struct device *d, char buf[static VARIANT_ALIAS_MAX])
{
	(void)snprintf(buf, VARIANT_ALIAS_MAX, "v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
		d->id.vendor, d->id.device, d->id.subvendor, d->id.subdevice,
		(d->class >> 16) & 0xff, (d->class >> 8) & 0xff, d->class & 0xff);
}

static const struct variant *find(const struct variant_list *list, const char *alias)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_equal(list->at[i].alias, alias))
			return &list->at[i];
	return NULL;
}

bool variants_late(const struct variant_list *list, const char *driver)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].late && str_equal(list->at[i].driver, driver))
			return true;
	return false;
}

int variants_add(struct variant_list *list, const struct variant *one)
{
	if (str_equal(one->alias, VARIANT_ANY) ? variants_late(list, one->driver)
					       : find(list, one->alias) != NULL)
		return 0;
	struct variant *grown = array_grow(list->at, list->n, &list->size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->at = grown;
	list->at[list->n++] = *one;
	return 0;
}

void variants_done(struct variant_list *list)
{
	free(list->at);
	*list = (struct variant_list){0};
}

const struct variant *variants_find(const struct variant_list *list, const struct device *d)
{
	char alias[VARIANT_ALIAS_MAX];

	if (list->n == 0 || d->error < 0)
		return NULL;
	variant_alias(d, alias);
	return find(list, alias);
}

void variants_format(const struct variant_list *list, const char *kernel, struct text *t)
{
	for (size_t i = 0; i < list->n; i++)
		text_print(t, "%s %s %s%s\n", kernel, list->at[i].alias, list->at[i].driver,
			list->at[i].late ? " late" : "");
}

static int add_line(struct variant_list *list, const char *line, const char *kernel)
{
	struct variant one = {.late = false};
	char of[256];

	if (!str_next_word(&line, of, sizeof(of)) || !str_equal(of, kernel) ||
		!str_next_word(&line, one.alias, sizeof(one.alias)) ||
		!str_next_word(&line, one.driver, sizeof(one.driver)))
		return 0;
	one.late = str_equal(line, "late");
	return variants_add(list, &one);
}

int variants_read(struct variant_list *list, const char *config)
{
	_cleanup_(str_free) char *text = NULL;
	const char *slash = strrchr(config, '/');
	char path[PATH_MAX];
	struct utsname u;
	size_t len = slash ? (size_t)(slash + 1 - config) : 0;

	if (len + sizeof(VARIANTS_NAME) > sizeof(path))
		return 0;
	memcpy(path, config, len);
	(void)str_copy(path + len, sizeof(path) - len, VARIANTS_NAME);
	int r = file_read_trusted(AT_FDCWD, path, FILE_MAX, &text, &len, NULL);
	if (r == 0 && uname(&u) < 0)
		return 0;
	char *rest = text;
	for (char *line; r == 0 && (line = strsep(&rest, "\n"));)
		r = add_line(list, line, u.release);
	return r == -ENOMEM ? r : 0;
}
