/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_OTHER_TOOLS_H
#define HOST_OTHER_TOOLS_H

#include "base/err.h"

/* The configuration files of other tools that bind devices to vfio-pci: `check` reads them, and
 * `record` copies them for it. Paths below /, the last one NULL. */
extern const char *const other_tools_settings[]; /* directories of modprobe.d(5), in order */
extern const char *const other_tools_scripts[];  /* from guides */
#define OTHER_TOOLS_OVERRIDES "/etc/driverctl.d" /* driverctl(8) */

/* A line of modprobe.d(5) with a module: "options vfio-pci ids=10de:2204". */
struct modprobe_line {
	const char *path;    /* "/etc/modprobe.d/vfio.conf" */
	unsigned number;     /* of the first line, if it is continued */
	const char *command; /* "options", "softdep" */
	const char *module;
	char *rest; /* what follows; may be modified */
};

/*
 * Calls each for these lines in the five directories below root, without comments, and with lines
 * joined that end in a backslash. Of several files of one name the one in the first directory
 * counts, as for modprobe. Stops at the first non-zero result and returns it; 0, or -ENOMEM.
 */
int other_tools_modprobe(
	int root, int (*each)(const struct modprobe_line *line, void *to), void *to) _must_check_;

/* The value of the next ids= in the options of a module, without quotes; NULL after the last.
 * Modifies *options and moves it. */
char *other_tools_ids(char **options);

/*
 * The module of a line "options vfio-pci ids=10de:2204 x=y", or of pci-stub; *line is moved past
 * it. NULL for another line. Modifies the line.
 */
const char *other_tools_module(char **line);

#endif
