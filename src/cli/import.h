/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"

/*
 * The body of a config that selects the devices which other tools bind to vfio-pci:
 *
 * - `vfio-pci.ids=` on the kernel command line; the last one, as in the kernel
 * - `options vfio-pci ids=` in the directories of modprobe.d(5)
 * - /etc/driverctl.d/<bus>-<address> with the text "vfio-pci" (driverctl(8))
 * - scripts that write driver_override for the addresses in DEVS="…", as in guides
 *
 * root: used as /, or NULL. Each value follows a comment with its source, and the log says what to
 * remove there. 1: all of it is imported; 0: something could not be imported as it is (logged); or
 * -errno. Nothing found: *ret stays empty.
 */
int import_config(
	const char *root, const struct sysroot *w, struct text *ret, struct err *err) _must_check_;

#endif
