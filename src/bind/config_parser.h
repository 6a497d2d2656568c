/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_CONFIG_PARSER_H
#define BIND_CONFIG_PARSER_H

#include "bind/config.h"

#include <stdbool.h>

/*
 * What config (the file and its sections) and keys (what stands in a section) share while a file
 * is read. Nobody else includes this.
 */
enum section { SECTION_BIND, SECTION_EXCLUDE, SECTION_GUARD, SECTION_MODULES, SECTION_DEVICE };

/* Where the parser stands while it reads. */
struct config_parser {
	struct config *c;
	unsigned seen_sections;      /* bit n: row n of `sections` came */
	bool unknown_section;        /* its keys are not told one by one */
	struct device_settings *now; /* of the [device] section, or NULL */
	unsigned seen_single;        /* bit n: row n of `keys`, which takes one value, came */
};

/* Notes an error of a line (0: of the file); never fails, at worst c->no_memory is set. */
void config_error(struct config *c, unsigned line, const char *fmt, ...) _printf_(3, 4);

/* Grows *array of n elements for one more; NULL, and c->no_memory, where there is none. */
void *config_grow(struct config *c, void *array, size_t n, size_t *size, size_t element);

const char *section_name(enum section section);

/* Which section a heading without its brackets begins; "device " has its address behind it. */
bool section_known(const char *heading, enum section *ret);

/* Takes one "name = value" line of a section. */
void config_set_key(struct config_parser *p, unsigned line, enum section section, const char *name,
	const char *value);

#endif
