/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RECORD_SYSFS_H
#define CLI_RECORD_SYSFS_H

#include "cli/redact.h"
#include "pci/sysfs.h"

/*
 * Adds what `plan`, `list` and `check` read below /sys, in the format of tests/unit/tree. Only the
 * attributes named in the .c are recorded: no serial number of a disk, no address of an interface.
 */
void record_sysfs(struct text *t, struct redact *m, struct sysfs *s);

/* Adds a file of the tree: "name = text", or "name | line" for each of several. */
void record_file(struct text *t, const char *name, const char *content);

#endif
