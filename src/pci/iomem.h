/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_IOMEM_H
#define PCI_IOMEM_H

#include "pci/slot.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * /proc/iomem, where each region is a line, "  fd000000-fdffffff : 0000:00:01.0", and stands two
 * blanks deeper than the one that it lies in (r_show in kernel/resource.c). A BAR has the address
 * of its PCI function for a name (pci_read_bases in drivers/pci/probe.c), and what lies in it is
 * the region of who holds it. Only root sees the numbers; names and depths, which are all that is
 * read here, everybody does.
 */
#define IOMEM_NAME_MAX 64

/* Calls each(owner, name, to) for each region that lies in one of a PCI function, from the top,
 * until it answers true. root NULL: "/". Reads no more than that takes, and at most 1 MiB. True
 * where an answer was. */
bool iomem_find(
	const char *root, bool (*each)(struct slot owner, const char *name, void *to), void *to);

#endif
