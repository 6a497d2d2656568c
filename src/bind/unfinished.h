/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_UNFINISHED_H
#define BIND_UNFINISHED_H

#include "base/err.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stddef.h>

/*
 * A function that has no driver, and whose driver_override lets none come but one for VMs: what a
 * command leaves that was killed (SIGKILL, out of memory) between reserving and binding.
 */
struct unfinished {
	struct pci_addr addr;
	char override[32]; /* "?": it can't be read, for something in the kernel holds the device */
};

/*
 * Looks at all functions without a driver. Reading an override waits for the device's lock
 * (driver_override_show), so that happens in a child, for at most 3 seconds. *ret is for the caller
 * to free. 0 or -errno.
 */
int unfinished_find(
	struct unfinished **ret, size_t *ret_n, struct sysfs *s, struct err *err) _must_check_;

#endif
