/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_UNBIND_H
#define CORE_UNBIND_H

#include "core/in_use.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * The one door to `unbind`. Asks the kernel first whether the device is in use (core/in_use), and
 * keeps what it has claimed for that until the driver has let go. force: an interface that is up
 * is taken all the same; never what is claimed.
 *
 * May wait for ever: only in a child (core/steps.h). 0; -EBUSY with *why, and nothing done, where
 * the device is in use; or what the kernel answered, and *why is "".
 */
int device_unbind(struct sysfs *s, struct pci_addr addr, bool live, bool force,
	char reason[static IN_USE_REASON_MAX]);

#endif
