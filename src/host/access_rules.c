/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/access_rules.h"

#include "host/udev_rules.h"

#include <stddef.h>
#include <stdio.h>

bool access_is_set(const struct device_settings *s)
{
	return s->owner[0] || s->group[0] || s->has_mode;
}

unsigned access_mode(const struct device_settings *s)
{
	return s->has_mode ? s->mode : s->group[0] ? 0660 : 0600;
}

static void add_rule(struct text *t, const char *node, const struct device_settings *s)
{
	text_print(t, "ACTION!=\"remove\", %s", node);
	if (s->owner[0])
		text_print(t, ", OWNER=\"%s\"", s->owner);
	if (s->group[0])
		text_print(t, ", GROUP=\"%s\"", s->group);
	text_print(t, ", MODE=\"%04o\"\n", access_mode(s));
}

/* The container, /dev/vfio/vfio, is of the subsystem misc, and stays as it is. */
static void add_device(struct text *t, const struct device_settings *s)
{
	char node[128], address[PCI_ADDR_MAX];

	pci_addr_format(s->addr, address);
	(void)snprintf(node, sizeof(node),
		"SUBSYSTEM==\"vfio\", TEST==\"%%S/kernel/iommu_groups/%%k/devices/%s\"", address);
	add_rule(t, node, s);
	(void)snprintf(node, sizeof(node), "SUBSYSTEM==\"vfio-dev\", KERNELS==\"%s\"", address);
	add_rule(t, node, s);
}

/* Is it the first of the settings of this device? */
static bool is_first(const struct config *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (pci_addr_compare(c->settings[k].addr, c->settings[i].addr) == 0)
			return false;
	return true;
}

bool access_rules_format(struct text *to, const struct config *c)
{
	bool some = false;

	if (c->n_errors > 0)
		return false;
	text_print(to,
		"# Made by vfio-bind from %s: who may open the devices. Overwritten when that changes.\n",
		c->path);
	for (size_t i = 0; i < c->n_settings; i++) {
		const struct device_settings *s = is_first(c, i)
							  ? config_settings(c, c->settings[i].addr)
							  : NULL;
		if (!s || !access_is_set(s))
			continue;
		add_device(to, s);
		some = true;
	}
	return some;
}

int access_rules_save(const char *dir, const struct config *c, struct err *err)
{
	_cleanup_(text_done) struct text rules = {0};
	bool some = access_rules_format(&rules, c);

	return udev_rules_put(dir, ACCESS_RULES_NAME, &rules, some, err);
}
