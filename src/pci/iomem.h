/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_IOMEM_H
#define PCI_IOMEM_H

#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * /proc/iomem: each region is a line, " fd000000-fdffffff : 0000:00:01.0", indented two blanks more
 * than the region that contains it (r_show in kernel/resource.c). The name of a BAR is the address
 * of its PCI function (pci_read_bases in drivers/pci/probe.c); a region inside it belongs to the
 * driver that uses it. Only root sees the numbers; names and depths are visible to all.
 */
#define IOMEM_NAME_MAX 64

/* A region inside one of a PCI function. */
struct iomem_region {
	struct pci_addr owner;
	uint64_t bar; /* start of the function's region, 0 if hidden */
	const char *name;
};

/* A number of up to 16 hexadecimal digits, with or without 0x; 0 if there is none. */
uint64_t iomem_number(const char *text);

/*
 * Calls each for each region inside one of a PCI function, from the top, until it returns true.
 * root NULL: "/". Reads no further than that, and at most 1 MiB. Returns 1 if each returned true, 0
 * if not, or a negative errno if the file cannot be read to its end.
 */
typedef bool iomem_each(const struct iomem_region *r, void *to);
int iomem_find(const char *root, iomem_each *each, void *to);

/* The same for a text, which it modifies. */
bool iomem_find_in(char *text, size_t len, iomem_each *each, void *to);

#endif
