/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_IOMEM_H
#define PCI_IOMEM_H

#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * /proc/iomem, where each region is a line, "  fd000000-fdffffff : 0000:00:01.0", and stands two
 * blanks deeper than the one that it lies in (r_show in kernel/resource.c). A BAR has the address
 * of its PCI function for a name (pci_read_bases in drivers/pci/probe.c), and what lies in it is
 * the region of who holds it. Only root sees the numbers; names and depths everybody does.
 */
#define IOMEM_NAME_MAX 64

/* A region that lies in one of a PCI function. */
struct iomem_region {
	struct pci_addr owner;
	uint64_t bar; /* where the function's region begins, 0 where that is hidden */
	const char *name;
};

/* A number of up to 16 hexadecimal digits, with or without 0x; 0 where there is none. */
uint64_t iomem_number(const char *text);

/* Calls each for each region that lies in one of a PCI function, from the top, until it answers
 * true. root NULL: "/". Reads no more than that takes, and at most 1 MiB. 1 where an answer was, 0
 * where not, or a negative errno where the file can't be read to its end. */
typedef bool iomem_each(const struct iomem_region *r, void *to);
int iomem_find(const char *root, iomem_each *each, void *to);

/* The same in a text, which it takes apart. */
bool iomem_find_in(char *text, size_t len, iomem_each *each, void *to);

#endif
