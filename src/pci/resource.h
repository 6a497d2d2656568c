/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_RESOURCE_H
#define PCI_RESOURCE_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdint.h>

#define RESOURCE_BARS 6

/*
 * The sizes in bytes of a function's base address registers, 0 for one that it does not have or
 * that has no address. From its file `resource`, a line per region: start, end and flags
 * (resource_show in drivers/pci/pci-sysfs.c). All are 0 if that can't be read.
 */
void resource_read_bars(struct sysfs *s, struct pci_addr addr, uint64_t ret[static RESOURCE_BARS]);

#endif
