/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_OTHER_TOOLS_H
#define HOST_OTHER_TOOLS_H

/* The configuration files of other tools that bind devices to vfio-pci: `check` reads them, and
 * `record` copies them for it. Paths below /, the last one NULL. */
extern const char *const other_tools_settings[]; /* directories of modprobe.d(5), in order */
extern const char *const other_tools_scripts[];  /* from guides */
#define OTHER_TOOLS_OVERRIDES "/etc/driverctl.d" /* driverctl(8) */

/*
 * The module of a line "options vfio-pci ids=10de:2204 x=y", or of pci-stub; *line is moved past
 * it. NULL for another line. Modifies the line.
 */
const char *other_tools_module(char **line);

#endif
