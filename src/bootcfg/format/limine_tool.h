/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_LIMINE_TOOL_H
#define BOOTCFG_FORMAT_LIMINE_TOOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The files of limine-entry-tool: lines of KEY=VALUE, no shell. A value may be in quotes, which
 * then go; `+=` adds to the value of the files before. A kernel gets KERNEL_CMDLINE[its name], else
 * KERNEL_CMDLINE[default]; where that is not set either, even to nothing, the tool takes
 * /etc/kernel/cmdline or the running kernel's line (limine-entry-tool.conf).
 */

/* True if the text sets the line of this kernel; NULL: of any. */
bool limine_tool_sets(const char *text, size_t len, const char *kernel);

#endif
