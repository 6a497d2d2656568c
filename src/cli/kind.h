/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_KIND_H
#define CLI_KIND_H

#include "pci/device.h"
#include "pci/sysfs.h"

/*
 * What a function is, in one word, if it may be of use to a VM: "display", "FireWire". NULL for a
 * bridge or a system function: memory controllers, SMBus, timers, performance counters, and on a
 * root bus whatever the chipset and the processor have for themselves. Classes: PCI Code and ID
 * Assignment Specification, section 1.
 */
const char *kind_word(struct sysfs *s, const struct device *d);
/* The same for who knows whether a bridge is above it. */
const char *kind_word_at(const struct device *d, bool on_root_bus);

#endif
