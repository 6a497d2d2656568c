/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/card.h"

#include "pci/devpath.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CLASS_AUDIO 0x0403

/* A root port, the upstream and a downstream port of a switch, the function. */
#define BELOW_SWITCH 4

struct place {
	unsigned depth;              /* functions from the root bus down to it; 0: unknown */
	struct pci_addr port;        /* the port above it */
	struct pci_addr upstream;    /* the upstream port of the switch that the port is of */
	char switch_at[DEVPATH_MAX]; /* its directory, from /sys; "" where there is no switch */
};

bool card_same(const struct device *a, const struct device *b)
{
	if (pci_addr_compare(a->addr, b->addr) == 0)
		return true;
	return a->of_card && b->of_card && pci_addr_compare(a->card, b->card) == 0;
}

static bool is_audio(const struct device *d)
{
	return d->error == 0 && d->class >> 8 == CLASS_AUDIO;
}

static void read_place(struct sysfs *s, struct pci_addr addr, struct place *ret)
{
	struct pci_addr step, last = {0};

	*ret = (struct place){0};
	/* Bus 00 is a root bus in every domain: nothing is above it, and boot does not ask. */
	if (addr.bus == 0)
		return;
	if (devpath_of_function(s, addr, ret->switch_at) < 0)
		ret->switch_at[0] = '\0';
	for (const char *at = ret->switch_at; devpath_next(&at, &step); last = step) {
		/* Below a VMD controller another domain begins, with a root bus of its own. */
		if (step.domain != addr.domain)
			continue;
		ret->depth++;
		ret->upstream = ret->port;
		ret->port = last;
	}
	for (int cut = 0; cut < 2; cut++) {
		char *slash = strrchr(ret->switch_at, '/');
		if (slash)
			*slash = '\0';
	}
	if (ret->depth < BELOW_SWITCH)
		ret->switch_at[0] = '\0';
}

/* ---- mark --------------------------------------------------------------------------------------
 */

static bool has_vendor(struct sysfs *s, struct pci_addr addr, uint32_t vendor)
{
	_cleanup_(device_list_done) struct device_list list = {0};

	return scan_one(s, addr, &list, NULL) > 0 && list.at[0].error == 0 &&
	       list.at[0].id.vendor == vendor;
}

/* True if it is below a switch of its vendor, which is on the card then. */
static bool read_switch(struct sysfs *s, const struct device *d, struct place *ret)
{
	read_place(s, d->addr, ret);
	return ret->switch_at[0] && has_vendor(s, ret->upstream, d->id.vendor);
}

static void join(struct device *d, const struct device *display)
{
	d->of_card = true;
	d->card = display->addr;
}

static bool is_free(const struct device *d)
{
	return !d->of_card && !d->is_virtual;
}

/* All of its slot. */
static void mark_slot(struct device_list *list, size_t i)
{
	const struct device *display = &list->at[i];
	size_t k = i;

	while (k > 0 && pci_addr_same_device(list->at[k - 1].addr, display->addr))
		k--;
	for (; k < list->n && pci_addr_same_device(list->at[k].addr, display->addr); k++) {
		struct device *d = &list->at[k];
		if (is_free(d) && d->error == 0 && d->id.vendor == display->id.vendor)
			join(d, display);
	}
}

/* Most cards are not below a switch of their own, and most machines have no such audio. */
static void mark_audio(struct device_list *list, const struct device *display, struct sysfs *s)
{
	struct place place, other;
	int has_switch = -1; /* not asked yet */

	for (size_t i = 0; i < list->n; i++) {
		struct device *d = &list->at[i];
		if (!is_audio(d) || !is_free(d) || d->id.vendor != display->id.vendor)
			continue;
		if (has_switch < 0)
			has_switch = read_switch(s, display, &place);
		if (!has_switch)
			return;
		read_place(s, d->addr, &other);
		if (strcmp(other.switch_at, place.switch_at) == 0)
			join(d, display);
	}
}

void cards_mark(struct device_list *list, struct sysfs *s)
{
	for (size_t i = 0; i < list->n; i++)
		list->at[i].of_card = false;
	for (size_t i = 0; i < list->n; i++) {
		struct device *display = &list->at[i];
		if (display->error != 0 || !device_is_display(display) || !is_free(display))
			continue;
		mark_slot(list, i);
		mark_audio(list, display, s);
	}
}

/* ---- scan --------------------------------------------------------------------------------------
 */

struct look {
	struct sysfs *s;
	struct device_list *list;
	const struct place *place;
	struct err *err;
};

static int scan_function(const char *name, void *to)
{
	const struct look *l = to;
	struct pci_addr addr;

	if (!pci_addr_parse(name, &addr))
		return 0;
	int r = scan_one(l->s, addr, l->list, l->err);
	return r < 0 ? r : 0;
}

static int scan_port(const char *name, void *to)
{
	const struct look *l = to;
	char path[DEVPATH_MAX + PCI_ADDR_MAX + 1];
	struct pci_addr addr;

	if (!pci_addr_parse(name, &addr) || pci_addr_compare(addr, l->place->port) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", l->place->switch_at, name);
	return sysfs_path_each(l->s, path, scan_function, to);
}

int card_scan(struct sysfs *s, const struct device *d, struct device_list *list, struct err *err)
{
	struct place place;
	struct look l = {.s = s, .list = list, .place = &place, .err = err};

	if (!(d->error == 0 && device_is_display(d)) && !is_audio(d))
		return 0;
	if (!read_switch(s, d, &place))
		return 0;
	int r = sysfs_path_each(s, place.switch_at, scan_port, &l);
	return r == -ENOMEM ? err_set(err, ENOMEM, "out of memory for the functions of a card") : r;
}
