/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_RECORD_H
#define CMD_RECORD_H

#include "base/str.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What names a machine and no other (UUIDs, MAC addresses, serial numbers, names of volumes) and
 * stands in a record as a number: the same thing gets the same number wherever it stands, so that
 * what belongs together still does. Zero-initialised is empty.
 */
struct mask {
	bool full; /* nothing is masked */
	char **seen;
	size_t n, size;
	bool failed;
};

void mask_done(struct mask *m);
/* 1 and up; the first time a thing is seen it gets the next one. */
unsigned mask_number(struct mask *m, const char *thing);
/* Adds a text in which such things are masked wherever they stand. */
void mask_text(struct mask *m, struct text *t, const char *s);
/* Adds the kernel command line: of a parameter that is not known to matter only the name. */
void mask_cmdline(struct mask *m, struct text *t, const char *cmdline);
/* Adds the config: its comments are somebody's, its lines keep their numbers. */
void mask_config(struct mask *m, struct text *t, const char *config);
/* A mount point that is no common one. */
void mask_point(struct mask *m, struct text *t, const char *point);
/* A serial number of a device. */
uint64_t mask_serial(struct mask *m, uint64_t serial);

/*
 * Adds what `plan`, `list` and `check` read below /sys, as tests/unit/tree reads it. Only what is
 * named in record_sysfs.c is recorded: no serial number of a disk, no address of an interface.
 */
void record_sysfs(struct text *t, struct mask *m, struct sysfs *s);

/* A file of the tree: "name = text", or "name | line" for each of several. */
void record_file(struct text *t, const char *name, const char *content);

#endif
