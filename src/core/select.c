/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/select.h"

static bool place_matches(struct pci_addr place, bool any_function, struct pci_addr addr)
{
	return any_function ? pci_addr_same_device(place, addr)
			    : pci_addr_compare(place, addr) == 0;
}

bool select_matches(const struct selector *s, const struct pci_path *path, const struct device *d)
{
	switch (s->kind) {
	case SELECT_ID:
		return d->error == 0 && pci_id_matches(&s->id, &d->id);
	case SELECT_ADDRESS:
		return place_matches(s->addr, s->any_function, d->addr);
	case SELECT_PATH:
		return path->found && place_matches(path->addr, s->any_function, d->addr);
	case SELECT_SERIAL:
		return d->serial != 0 && d->serial == s->serial;
	case SELECT_GPUS:
		return device_is_display(d) && !d->is_boot_display && !device_is_bmc_display(d);
	}
	return false;
}

bool select_id_changed(const struct selector *s, const struct device *d)
{
	if ((s->kind != SELECT_ADDRESS && s->kind != SELECT_PATH) || !s->has_id)
		return false;
	return d->error == 0 && !pci_id_matches(&s->id, &d->id);
}

const struct selector *select_first(
	const struct config *c, const struct pci_path *ways, const struct device *d, bool exclude)
{
	for (size_t i = 0; i < c->n_selectors; i++) {
		const struct selector *s = &c->selectors[i];
		if (s->exclude == exclude && select_matches(s, &ways[i], d) &&
			!(exclude && select_id_changed(s, d)))
			return s;
	}
	return NULL;
}
