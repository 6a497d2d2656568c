/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_REDACT_H
#define CLI_REDACT_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Masks what identifies a machine or its users. What is known is kept: the words of a table in the
 * .c, names that the kernel forms by itself (sda1, 0000:01:00.0), drivers, PCI ids, short numbers.
 * Everything else becomes "name-N"; the same text has the same number everywhere in a record, so
 * that relations stay visible. Zero-initialised is empty.
 */
struct redact {
	void *numbers; /* a tree of texts and their numbers */
	unsigned n;
	void *drivers;         /* a tree of names */
	struct text addresses; /* of networks, as pairs */
	bool failed;
};

void redact_done(struct redact *m);

/* Keeps the name of a driver or a module from now on. */
void redact_keep_driver(struct redact *m, const char *name);

/* Adds "name-N". */
void redact_name(struct redact *m, struct text *t, const char *thing);

/* Adds a text, each word of it kept or masked. Blanks and separators stay. */
void redact_words(struct redact *m, struct text *t, const char *s);

/* Adds a path below /sys, or one component of it. */
void redact_sysfs_path(struct redact *m, struct text *t, const char *path);

/* Adds an IPv4 or IPv6 address. IPv4 addresses keep the number of leading bits they share. */
void redact_address(struct redact *m, struct text *t, const char *address);

/* Adds the kernel command line: known parameters with known values, also those after "--". */
void redact_cmdline(struct redact *m, struct text *t, const char *cmdline);

/* Adds the config; the numbers of its lines stay. */
void redact_config(struct redact *m, struct text *t, const char *config);

/* Masks a serial number of a device. */
uint64_t redact_serial(struct redact *m, uint64_t serial);

#endif
