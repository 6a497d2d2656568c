/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_RESOURCE_H
#define PCI_RESOURCE_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdint.h>

#define RESOURCE_BARS 6
#define RESOURCE_ROM 6 /* the region behind the BARs */
#define RESOURCES 7

struct resource {
	uint64_t start, bytes; /* both 0 for one that it does not have */
};

/*
 * The base address registers of a function, and its ROM. From its file `resource`, a line per
 * region: start, end and flags (resource_show in drivers/pci/pci-sysfs.c). All are 0 if that can't
 * be read.
 */
void resource_read(struct sysfs *s, struct pci_addr addr, struct resource ret[static RESOURCES]);

#endif
