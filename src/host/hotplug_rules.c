/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/hotplug_rules.h"

#include "host/udev_rules.h"

#include <inttypes.h>
#include <stdio.h>

/* A property whose name begins with a dot stays in the event (udev(7), ENV). */
#define EVENT "ACTION==\"add\", SUBSYSTEM==\"pci\", "
#define MATTERS "ENV{.vfio_bind}=\"\"\n"

/* All functions of the slot: what belongs to a card is bound with it. */
static void add_slot(struct text *t, struct pci_addr addr)
{
	text_print(t, EVENT "KERNEL==\"%04" PRIx32 ":%02x:%02x.*\", " MATTERS, addr.domain,
		addr.bus, addr.device);
}

/* All that is below the first bridge of the path; udev's * also matches a slash (fnmatch(3)). */
static void add_path(struct text *t, const struct selector *s)
{
	struct pci_addr first = {.domain = s->domain,
		.bus = s->bus,
		.device = s->step[0].device,
		.function = s->step[0].function};
	char name[PCI_ADDR_MAX];

	if (s->steps == 1)
		add_slot(t, first);
	else
		text_print(t, EVENT "DEVPATH==\"*/%s/*\", " MATTERS, pci_addr_format(first, name));
}

/* What a display brings along (companions): a function of its slot other than the first. Not one
 * of a kind that no display has: storage, network, bridge, system peripheral, signal processing. */
static void add_companions(struct text *t, const char *vendor)
{
	text_print(t,
		EVENT
		"%sKERNEL==\"*.[1-7]\", ATTR{class}!=\"0x01*|0x02*|0x06*|0x08*|0x11*\", " MATTERS,
		vendor);
}

/* The rules are for every profile: which one it is, the next boot says. */
static bool some_companions(const struct config *c)
{
	bool some = c->bind_companions;

	for (size_t i = 0; i < c->n_profiles; i++)
		some |= c->profiles[i].companions;
	return some;
}

static void add_id(struct text *t, const struct config *c, const struct pci_id *id)
{
	char vendor[40];

	text_print(t,
		EVENT "ATTR{vendor}==\"0x%04" PRIx32 "\", ATTR{device}==\"0x%04" PRIx32
		      "\", " MATTERS,
		id->vendor, id->device);
	(void)snprintf(vendor, sizeof(vendor), "ATTR{vendor}==\"0x%04" PRIx32 "\", ", id->vendor);
	if (some_companions(c))
		add_companions(t, vendor);
}

static void add_gpus(struct text *t, const struct config *c)
{
	text_print(t, EVENT "ATTR{class}==\"0x03*\", " MATTERS);
	if (some_companions(c))
		add_companions(t, "");
}

/* Audio that a display brings along from behind another port of its switch (core/card). */
static void add_audio(struct text *t)
{
	text_print(t, EVENT "KERNEL==\"*.0\", ATTR{class}==\"0x0403*\", " MATTERS);
}

bool hotplug_rules_format(struct text *to, const struct config *c)
{
	bool some = false;

	if (c->n_errors > 0)
		return false;
	text_print(to,
		"# Made by vfio-bind from %s: the events that it may concern. Overwritten when that changes.\n",
		c->path);
	text_print(to, EVENT "ENV{.vfio_bind}=\"no\"\n");
	for (size_t i = 0; i < c->n_all_selectors; i++) {
		const struct selector *s = &c->selectors[i];
		if (s->exclude)
			continue;
		some = true;
		switch (s->kind) {
		case SELECT_ADDRESS:
			add_slot(to, s->addr);
			break;
		case SELECT_PATH:
			add_path(to, s);
			break;
		case SELECT_ID:
			add_id(to, c, &s->id);
			break;
		case SELECT_GPUS:
			add_gpus(to, c);
			break;
		case SELECT_SERIAL:
			return false;
		}
	}
	if (some && c->companions)
		add_audio(to);
	return true;
}

int hotplug_rules_save(const char *dir, const struct config *c, struct err *err)
{
	_cleanup_(text_done) struct text rules = {0};
	bool some = hotplug_rules_format(&rules, c);

	return udev_rules_put(dir, HOTPLUG_RULES_NAME, &rules, some, err);
}
