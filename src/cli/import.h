/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"

/*
 * The body of a config that selects the devices which other tools bind to vfio-pci:
 *
 * - ids= of vfio-pci and pci-stub that are in force (cli/other_ids): the kernel command line,
 *   modprobe.d(5), the modules of initramfs-tools(7); other options of vfio-pci there
 * - hide= of xen-pciback
 * - /etc/driverctl.d/<bus>-<address> with vfio-pci, pci-stub or none (driverctl(8))
 * - scripts from guides that bind devices (host/bind_script), and that modprobe.d runs in place of
 *   vfio-pci; Unraid's vfio-pci.cfg
 * - supergfxctl in its mode Vfio
 *
 * Lines of other files that give devices to vfio-pci (host/other_tools) are only named.
 *
 * root: used as /, or NULL. Each value follows a comment with its source, and the log says what to
 * remove there: only of what is imported. 1: all of it is imported; 0: something could not be
 * imported as it is (logged); or -errno. Nothing to import: *ret stays empty, and the result is 1
 * if nothing was found either.
 */
int import_config(
	const char *root, const struct sysroot *w, struct text *ret, struct err *err) _must_check_;

#endif
