/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/resource.h"

#include <stdlib.h>
#include <string.h>

/* 17 regions at most: BARs, ROM, virtual functions' and a bridge's; 57 bytes each. */
#define RESOURCE_SIZE 1024

void resource_read_bars(struct sysfs *s, struct pci_addr addr, uint64_t ret[static RESOURCE_BARS])
{
	char text[RESOURCE_SIZE], *rest = text, *line;

	memset(ret, 0, RESOURCE_BARS * sizeof(*ret));
	if (sysfs_read(s, addr, "resource", text, sizeof(text)) < 0)
		return;
	for (unsigned i = 0; i < RESOURCE_BARS && (line = strsep(&rest, "\n")); i++) {
		char *end;
		uint64_t first = strtoull(line, &end, 16), last = strtoull(end, NULL, 16);
		if (last > first)
			ret[i] = last - first + 1;
	}
}
