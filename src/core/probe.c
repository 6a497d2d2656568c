/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/probe.h"

#include "core/card.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct look {
	const struct config *c;
	struct sysfs *s;
	const struct boot_display_from *from;
	struct probe *h;
	bool has_ids; /* an address or path of the config has an id */
};

/* Resolves a path bridge by bridge; each has the number of its secondary bus. */
static struct pci_path pci_path_resolve(struct sysfs *sysfs, const struct selector *s)
{
	struct pci_path path = {.addr = {.domain = s->domain, .bus = s->bus}};

	for (unsigned i = 0; i < s->steps; i++) {
		path.addr.device = s->step[i].device;
		path.addr.function = s->step[i].function;
		if (i + 1 < s->steps && sysfs_secondary_bus(sysfs, path.addr, &path.addr.bus) < 0)
			return path;
	}
	path.found = true;
	return path;
}

static void sort_places(struct probe *h, const struct config *c);

static void resolve_paths(const struct look *l)
{
	for (size_t i = 0; i < l->c->n_selectors; i++)
		if (l->c->selectors[i].kind == SELECT_PATH)
			l->h->paths[i] = pci_path_resolve(l->s, &l->c->selectors[i]);
	sort_places(l->h, l->c);
}

static bool wanted(const struct device *d, const void *arg)
{
	const struct look *l = arg;

	return device_is_display(d) || select_first(l->c, l->h, d, false);
}

static bool display_or_changed_id(const struct device *d, const void *arg)
{
	const struct look *l = arg;

	if (device_is_display(d))
		return true;
	for (size_t i = 0; l->has_ids && i < l->c->n_selectors; i++)
		if (l->c->selectors[i].has_id && pci_id_matches(&l->c->selectors[i].id, &d->id))
			return true;
	return false;
}

static int search(
	const struct look *l, bool (*keep)(const struct device *, const void *), struct err *err)
{
	bool serials = false;

	for (size_t i = 0; i < l->c->n_selectors; i++)
		serials |= l->c->selectors[i].kind == SELECT_SERIAL;
	l->h->serials_hidden = serials && geteuid() != 0;
	int r = scan_all(l->s, &l->h->devices, serials, keep, l, err);
	if (r == 0)
		l->h->displays_known = true;
	return r;
}

/* Adds all functions of a slot, for "0a:00.*" and for companions. */
static int probe_around(const struct look *l, struct pci_addr addr, struct err *err)
{
	unsigned mask = 0;

	if (sysfs_functions(l->s, addr, &mask) < 0 || mask == 0)
		mask = 0xff; /* function 0 is hidden or was removed: try each */
	for (uint8_t f = 0; f < 8; f++) {
		if (!(mask & 1U << f))
			continue;
		addr.function = f;
		int r = scan_one(l->s, addr, &l->h->devices, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int probe_named(const struct look *l, struct err *err)
{
	for (size_t i = 0; i < l->c->n_selectors; i++) {
		const struct selector *s = &l->c->selectors[i];
		if (s->exclude || (s->kind != SELECT_ADDRESS && !l->h->paths[i].found))
			continue;
		struct pci_addr addr = s->kind == SELECT_ADDRESS ? s->addr : l->h->paths[i].addr;
		int r = s->any_function ? probe_around(l, addr, err)
					: scan_one(l->s, addr, &l->h->devices, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Adds what may belong to the card of a function of the list. */
static int probe_card(const struct look *l, size_t i, struct err *err)
{
	int r = probe_around(l, l->h->devices.at[i].addr, err);

	return r < 0 ? r : card_scan(l->s, &l->h->devices.at[i], &l->h->devices, err);
}

static int probe_companions(const struct look *l, struct err *err)
{
	/* The list grows during the loop, but an added function is never a selected display. */
	for (size_t i = 0; i < l->h->devices.n; i++) {
		const struct device *d = &l->h->devices.at[i];
		if (!device_is_display(d) || !select_first(l->c, l->h, d, false))
			continue;
		int r = probe_card(l, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if it is selected, or may be a companion of a selected display controller, as in
 * leader_of. */
static bool may_be_bound(const struct look *l, const struct device *d)
{
	if (select_first(l->c, l->h, d, false))
		return true;
	for (size_t i = 0; l->c->companions && i < l->h->devices.n; i++) {
		const struct device *other = &l->h->devices.at[i];
		if (device_is_display(other) && card_same(other, d) &&
			select_first(l->c, l->h, other, false))
			return true;
	}
	return false;
}

static bool is_candidate(const struct device *d, const void *look)
{
	return may_be_bound(look, d);
}

static bool may_take_display(const struct look *l, bool with_outputs)
{
	for (size_t i = 0; i < l->h->devices.n; i++) {
		const struct device *d = &l->h->devices.at[i];
		if (device_is_display(d) && (!with_outputs || device_has_outputs(d)) &&
			may_be_bound(l, d))
			return true;
	}
	return false;
}

/*
 * True if the other display controllers must be known, to see that one stays with the host. Not if
 * the boot display is known, because that one is guarded. A boot_vga of 0 does not prove that there
 * is another display: all may have 0.
 */
static bool displays_matter(const struct look *l)
{
	return may_take_display(l, true) &&
	       (l->c->may_take_boot_vga || l->h->boot.by == WITNESS_NONE);
}

static bool some_id_changed(const struct look *l)
{
	for (size_t j = 0; j < l->c->n_selectors; j++) {
		const struct selector *s = &l->c->selectors[j];
		for (size_t i = 0; s->has_id && !s->exclude && i < l->h->devices.n; i++) {
			const struct device *d = &l->h->devices.at[i];
			if (select_matches(s, &l->h->paths[j], d) && select_id_changed(s, d))
				return true;
		}
	}
	return false;
}

static void probe_details(const struct look *l)
{
	for (size_t i = 0; i < l->h->devices.n; i++) {
		struct device *d = &l->h->devices.at[i];
		if (d->error == 0 && device_is_display(d))
			scan_boot_vga(l->s, d);
	}
}

/* In address order the functions of a slot are adjacent. */
static bool has_twin(const struct device_list *list, size_t i)
{
	const struct device *d = &list->at[i];

	for (size_t k = i; k-- > 0 && pci_addr_same_device(list->at[k].addr, d->addr);)
		if (list->at[k].class == d->class)
			return true;
	for (size_t k = i + 1; k < list->n && pci_addr_same_device(list->at[k].addr, d->addr); k++)
		if (list->at[k].class == d->class)
			return true;
	return false;
}

/*
 * A virtual function has the class of its card, as have the others: only functions that share a
 * slot with one of their class are checked. A display at a place that only ARI allows (below a port
 * there is only device number 0) may be the only one of its slot.
 */
static void find_virtual(const struct look *l)
{
	scan_sort(&l->h->devices);
	for (size_t i = 0; i < l->h->devices.n; i++) {
		struct device *d = &l->h->devices.at[i];
		bool by_ari = device_is_display(d) && d->addr.bus > 0 && d->addr.device > 0;
		if (d->error == 0 && (by_ari || has_twin(&l->h->devices, i)))
			scan_virtual(l->s, d);
	}
	cards_mark(&l->h->devices, l->s);
}

/* A plan without displays skips the search. */
static void find_boot_display(const struct look *l)
{
	if (may_take_display(l, false))
		boot_display_find(&l->h->boot, l->s, &l->h->devices, l->from);
}

/* Probes the selected devices and those related to them; each step needs the one before. */
static int probe_all(const struct look *l, struct err *err)
{
	int r = 0;

	resolve_paths(l);
	if (config_must_search(l->c))
		r = search(l, wanted, err);
	if (r == 0)
		r = probe_named(l, err);
	probe_details(l);
	if (r == 0 && l->c->companions) {
		r = probe_companions(l, err);
		probe_details(l);
	}
	find_virtual(l);
	find_boot_display(l);
	if (r == 0 && !l->h->displays_known && (displays_matter(l) || some_id_changed(l))) {
		r = search(l, display_or_changed_id, err);
		probe_details(l);
		find_virtual(l);
		find_boot_display(l);
	}
	return r;
}

int probe_devices(struct probe *ret, const struct config *c, struct sysfs *s,
	const struct boot_display_from *from, struct err *err)
{
	struct probe h = {.paths = calloc(c->n_selectors ? c->n_selectors : 1, sizeof(*h.paths))};
	struct look l = {.c = c, .s = s, .from = from, .h = &h};

	if (!h.paths)
		return err_set(
			err, ENOMEM, "out of memory for %zu lines of the config", c->n_selectors);
	for (size_t i = 0; i < c->n_selectors; i++)
		l.has_ids |= c->selectors[i].has_id;
	int r = probe_all(&l, err);
	if (r < 0) {
		probe_done(&h);
		return r;
	}
	scan_groups(s, &h.devices, is_candidate, &l);
	*ret = h;
	return 0;
}

void probe_drivers(struct probe *h, struct sysfs *s)
{
	for (size_t i = 0; i < h->devices.n; i++)
		scan_driver(s, &h->devices.at[i]);
}

static bool holds_id(struct sysfs *s, struct pci_addr addr, const struct pci_id *id)
{
	_cleanup_(device_list_done) struct device_list list = {0};

	return scan_one(s, addr, &list, NULL) > 0 && list.at[0].error == 0 &&
	       pci_id_matches(id, &list.at[0].id);
}

void protected_locate(struct protected_list *k, struct sysfs *s)
{
	for (size_t i = 0; i < k->n; i++) {
		struct protected_dev *one = &k->at[i];
		struct pci_path path = {0};
		if (one->path.steps > 0)
			path = pci_path_resolve(s, &one->path);
		one->path_addr = path.addr;
		one->at_addr = holds_id(s, one->addr, &one->id);
		one->at_path = path.found && holds_id(s, path.addr, &one->id);
	}
}

void probe_done(struct probe *h)
{
	device_list_done(&h->devices);
	free(h->paths);
	free(h->places);
	h->paths = NULL;
	h->places = NULL;
}

static bool mentions(const struct look *l)
{
	for (size_t i = 0; i < l->c->n_selectors; i++)
		if (l->c->selectors[i].kind == SELECT_SERIAL)
			return true;
	for (size_t i = 0; i < l->h->devices.n; i++)
		if (select_first(l->c, l->h, &l->h->devices.at[i], false))
			return true;
	return false;
}

int probe_may_match(const struct config *c, struct sysfs *s, struct pci_addr addr, struct err *err)
{
	_cleanup_(probe_done) struct probe h = {
		.paths = calloc(c->n_selectors ? c->n_selectors : 1, sizeof(*h.paths))};
	struct look l = {.c = c, .s = s, .h = &h};

	if (!h.paths)
		return err_set(
			err, ENOMEM, "out of memory for %zu lines of the config", c->n_selectors);
	resolve_paths(&l);
	int r = probe_around(&l, addr, err);
	for (size_t i = 0, n = h.devices.n; r == 0 && i < n; i++)
		r = card_scan(s, &h.devices.at[i], &h.devices, err);
	if (r < 0)
		return r;
	probe_details(&l);
	find_boot_display(&l);
	return mentions(&l);
}

/* ---- select --------------------------------------------------------------------------------- */

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

struct select_place {
	struct pci_addr slot; /* of an address, with function 0 */
	bool is_address;
	size_t selector;
};

static int place_compare(const void *a, const void *b)
{
	const struct select_place *x = a, *y = b;

	if (x->is_address != y->is_address)
		return x->is_address ? -1 : 1;
	int order = x->is_address ? pci_addr_compare(x->slot, y->slot) : 0;
	return order != 0 ? order : x->selector < y->selector ? -1 : 1;
}

/* With fewer selectors a walk over all is cheaper; `init` names each device of the machine. */
#define PLACES_MIN 64

static void sort_places(struct probe *h, const struct config *c)
{
	if (c->n_selectors < PLACES_MIN)
		return;
	h->places = calloc(c->n_selectors, sizeof(*h->places));
	for (size_t i = 0; h->places && i < c->n_selectors; i++) {
		struct select_place *p = &h->places[i];
		*p = (struct select_place){.slot = c->selectors[i].addr,
			.is_address = c->selectors[i].kind == SELECT_ADDRESS,
			.selector = i};
		p->slot.function = 0;
		h->n_places += p->is_address;
	}
	if (h->places)
		qsort(h->places, c->n_selectors, sizeof(*h->places), place_compare);
}

static bool is_match(const struct config *c, const struct probe *h, size_t i,
	const struct device *d, bool exclude)
{
	const struct selector *s = &c->selectors[i];

	return s->exclude == exclude && select_matches(s, &h->paths[i], d) &&
	       !(exclude && select_id_changed(s, d));
}

/* The number of the first address that matches, or n_selectors. */
static size_t first_address(
	const struct config *c, const struct probe *h, const struct device *d, bool exclude)
{
	size_t at = 0;
	struct pci_addr slot = d->addr;

	slot.function = 0;
	for (size_t end = h->n_places; at < end;) {
		size_t middle = at + (end - at) / 2;
		if (pci_addr_compare(h->places[middle].slot, slot) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	for (; at < h->n_places && pci_addr_compare(h->places[at].slot, slot) == 0; at++)
		if (is_match(c, h, h->places[at].selector, d, exclude))
			return h->places[at].selector;
	return c->n_selectors;
}

const struct selector *select_first(
	const struct config *c, const struct probe *h, const struct device *d, bool exclude)
{
	size_t first = h->places ? first_address(c, h, d, exclude) : c->n_selectors;

	for (size_t i = h->places ? h->n_places : 0; i < c->n_selectors; i++) {
		size_t one = h->places ? h->places[i].selector : i;
		if (one >= first)
			break;
		if (is_match(c, h, one, d, exclude))
			return &c->selectors[one];
	}
	return first < c->n_selectors ? &c->selectors[first] : NULL;
}
