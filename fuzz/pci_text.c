/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as an address, an id, a modalias: what is read and written again reads the same. */
#include "pci/address.h"
#include "pci/id.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_slot(const char *text)
{
	struct pci_addr addr, again;
	char buf[PCI_ADDR_MAX];

	if (!pci_addr_parse(text, &addr))
		return;
	must(addr.device <= 0x1f && addr.function <= 7);
	must(pci_addr_parse(pci_addr_format(addr, buf), &again));
	must(pci_addr_compare(addr, again) == 0);
}

static void try_id(const char *text)
{
	struct pci_id id, again;
	char buf[PCI_ID_MAX];

	if (!pci_id_parse(text, &id))
		return;
	must(pci_id_parse(pci_id_format(&id, buf), &again));
	must(id.vendor == again.vendor && id.device == again.device);
	must(id.subvendor == again.subvendor && id.subdevice == again.subdevice);
	must(pci_id_matches(&id, &again));
}

static void try_modalias(const char *text)
{
	struct pci_id id;
	uint32_t class;

	if (!pci_modalias_parse(text, &id, &class))
		return;
	must(class <= 0xffffff && pci_id_matches(&id, &id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_slot(text);
	try_id(text);
	try_modalias(text);
	free(text);
	return 0;
}
