/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/kind.h"

#include "pci/devpath.h"

/* The first row that matches counts. */
static const struct kind {
	uint32_t class, mask;
	const char *word;
	bool on_cards; /* on a root bus it is a function of the chipset or the processor */
} kinds[] = {
	{0x010000, 0xff0000, "storage", false}, {0x020000, 0xff0000, "network", false},
	{0x030000, 0xff0000, "display", false}, {0x040000, 0xffff00, "video", false},
	{0x048000, 0xffff00, "capture", false}, {0x040000, 0xff0000, "audio", false},
	{0x058000, 0xffff00, "other", true},  /* FPGA cards */
	{0x068000, 0xffff00, "switch", true}, /* NVSwitch */
	{0x078000, 0xffff00, "serial", true}, /* the chipset's management engine */
	{0x070000, 0xff0000, "serial", false}, {0x080500, 0xffff00, "SD", false},
	{0x088000, 0xffff00, "other", true}, /* Edge TPU; thermal sensors, uncore */
	{0x090000, 0xff0000, "input", false}, {0x0b4000, 0xffff00, "co-processor", false},
	{0x0c0000, 0xffff00, "FireWire", false}, {0x0c0300, 0xffff00, "USB", false},
	{0x0c0400, 0xffff00, "Fibre Channel", false}, {0x0c0600, 0xffff00, "InfiniBand", false},
	{0x0c0900, 0xffff00, "CAN", false}, {0x0d0000, 0xff0000, "wireless", false},
	{0x0e0000, 0xff0000, "I/O", true}, {0x0f0000, 0xff0000, "satellite", false},
	{0x100000, 0xff0000, "encryption", false}, {0x110000, 0xff0000, "signals", true},
	{0x120000, 0xff0000, "accelerator", false}, {0x400000, 0xff0000, "co-processor", false},
	{0xff0000, 0xff0000, "other", true}, /* some SD card readers */
	{0x000000, 0xff0000, "other", true}, /* from before there were classes */
};

/* Unknown counts as on a card: it is offered then. */
static bool is_on_root_bus(struct sysfs *s, struct pci_addr addr)
{
	char path[DEVPATH_MAX];
	struct pci_addr step;
	unsigned n = 0;

	if (devpath_of_function(s, addr, path) < 0)
		return false;
	for (const char *at = path; devpath_next(&at, &step);)
		n += step.domain == addr.domain;
	return n == 1;
}

static const struct kind *find(const struct device *d)
{
	for (size_t i = 0; d->error == 0 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if ((d->class & kinds[i].mask) == kinds[i].class)
			return &kinds[i];
	return NULL;
}

const char *kind_word(struct sysfs *s, const struct device *d)
{
	const struct kind *k = find(d);

	return k && !(k->on_cards && is_on_root_bus(s, d->addr)) ? k->word : NULL;
}

const char *kind_word_at(const struct device *d, bool on_root_bus)
{
	const struct kind *k = find(d);

	return k && !(k->on_cards && on_root_bus) ? k->word : NULL;
}
