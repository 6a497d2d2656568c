/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"

/*
 * The body of a config that asks for what other tools were told to give to vfio-pci:
 *
 *   - `vfio-pci.ids=` on the kernel command line; of several the last, as the kernel has it
 *   - `options vfio-pci ids=` in /etc/modprobe.d/<name>.conf (modprobe.d(5))
 *   - /etc/driverctl.d/<bus>-<address> that hold "vfio-pci" (driverctl(8))
 *   - scripts that write driver_override for the addresses in DEVS="…", as the guides have them
 *
 * root: stands for /, or NULL. Each value stands behind a comment that says where it came from,
 * and the log says what is to be taken away there. 1: all of it can be had; 0: there is something
 * that can't be taken over as it stands (told); or -errno. Nothing found: *ret stays empty.
 */
int import_config(
	const char *root, const struct sysroot *w, struct text *ret, struct err *err) _must_check_;

#endif
