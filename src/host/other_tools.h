/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_OTHER_TOOLS_H
#define HOST_OTHER_TOOLS_H

/* Where others that bind devices to vfio keep what they were told: what `check` looks at, and what
 * `record` takes along for it. Paths below /, the last one NULL. */
extern const char *const other_tools_settings[]; /* directories of modprobe.d(5),
						  * in their order */
extern const char *const other_tools_scripts[];  /* of guides */
#define OTHER_TOOLS_OVERRIDES "/etc/driverctl.d" /* driverctl(8) */

/*
 * Of a line "options vfio-pci ids=10de:2204 x=y", or of pci-stub, the module; *line is moved behind
 * it. NULL for another line. Cuts the line up.
 */
const char *other_tools_module(char **line);

#endif
