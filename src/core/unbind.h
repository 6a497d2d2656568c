/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_UNBIND_H
#define CORE_UNBIND_H

#include "core/in_use.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * The only function that writes `unbind`. First asks the kernel whether the device is in use
 * (core/in_use), and keeps the resources claimed for that check until the driver has unbound.
 * force: also unbinds an interface that is up; never a device whose claim failed.
 *
 * May wait without limit: only in a child (core/steps.h). Returns 0; -EBUSY with a reason, and
 * nothing done, if the device is in use; or the kernel's error, with reason "".
 */
int device_unbind(struct sysfs *s, struct pci_addr addr, bool live, bool force,
	char reason[static IN_USE_REASON_MAX]);

#endif
