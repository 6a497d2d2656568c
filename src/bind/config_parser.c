/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/config_parser.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *config_grow(struct config *c, void *array, size_t n, size_t *size, size_t element)
{
	if (n < *size)
		return array;
	size_t more = *size ? *size * 2 : 8;
	void *grown = reallocarray(array, more, element);
	if (!grown) {
		c->no_memory = true;
		return NULL;
	}
	*size = more;
	return grown;
}

void config_error(struct config *c, unsigned line, const char *fmt, ...)
{
	if (c->n_errors == CONFIG_ERRORS_MAX) {
		c->more_errors++;
		return;
	}
	char what[768];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);

	char **errors = config_grow(c, c->errors, c->n_errors, &c->size_errors, sizeof(*errors));
	if (!errors)
		return;
	c->errors = errors;
	char *text;
	int r = line ? asprintf(&text, "%s:%u: %s", c->path, line, what)
		     : asprintf(&text, "%s", what);
	if (r < 0)
		c->no_memory = true;
	else
		c->errors[c->n_errors++] = text;
}

static const char *const sections[] = {
	[SECTION_BIND] = "bind",
	[SECTION_EXCLUDE] = "exclude",
	[SECTION_GUARD] = "guard",
	[SECTION_MODULES] = "modules",
	[SECTION_DEVICE] = "device",
};
#define N_SECTIONS (sizeof(sections) / sizeof(*sections))

const char *section_name(enum section section)
{
	return sections[section];
}

bool section_known(const char *name, enum section *ret)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		bool same = i == SECTION_DEVICE ? str_starts(name, "device ")
						: str_equal(name, sections[i]);
		if (same) {
			*ret = (enum section)i;
			return true;
		}
	}
	return false;
}
