/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/resource.h"

#include "pci/iomem.h"

#include <string.h>

/* 17 regions at most, of 57 bytes each; those wanted are the first. */
#define RESOURCE_SIZE 1024

void resource_read(struct sysfs *s, struct pci_addr addr, struct resource ret[static RESOURCES])
{
	char text[RESOURCE_SIZE];
	const char *line = text;

	memset(ret, 0, RESOURCES * sizeof(*ret));
	if (sysfs_read(s, addr, "resource", text, sizeof(text)) < 0)
		return;
	for (unsigned i = 0; i < RESOURCES && line; i++) {
		const char *blank = strchr(line, ' '), *next = strchr(line, '\n');
		uint64_t first = iomem_number(line), last = blank ? iomem_number(blank + 1) : 0;
		ret[i] = (struct resource){first, last > first ? last - first + 1 : 0};
		line = next ? next + 1 : NULL;
	}
}
