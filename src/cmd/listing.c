/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/list.h"

const struct verdict *listing_verdict(const struct listing *l, const struct function *f)
{
	for (size_t i = 0; l->plan && i < l->plan->n; i++) {
		const struct verdict *v = &l->plan->verdicts[i];
		if (v->device && pci_addr_compare(v->device->addr, f->d.addr) == 0)
			return v;
	}
	return NULL;
}

size_t listing_slots_of(const struct inventory *v, int group)
{
	const struct function *last = NULL;
	size_t n = 0;

	for (size_t i = 0; group >= 0 && i < v->n; i++) {
		const struct function *f = &v->at[i];
		if (f->d.group != group || device_is_fixed(&f->d))
			continue;
		n += !last || !pci_addr_same_device(last->d.addr, f->d.addr);
		last = f;
	}
	return n;
}
