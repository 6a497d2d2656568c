/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct look {
	const struct config *c;
	struct sysfs *s;
	const struct boot_display_from *from;
	struct probe *h;
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

static void resolve_paths(const struct look *l)
{
	for (size_t i = 0; i < l->c->n_selectors; i++)
		if (l->c->selectors[i].kind == SELECT_PATH)
			l->h->paths[i] = pci_path_resolve(l->s, &l->c->selectors[i]);
}

static bool wanted(const struct device *d, const void *arg)
{
	const struct look *l = arg;

	return device_is_display(d) || select_first(l->c, l->h->paths, d, false);
}

static bool display_or_changed_id(const struct device *d, const void *arg)
{
	const struct look *l = arg;

	if (device_is_display(d))
		return true;
	for (size_t i = 0; i < l->c->n_selectors; i++)
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

static int probe_companions(const struct look *l, struct err *err)
{
	/* The list grows during the loop, but an added function is never a selected display. */
	for (size_t i = 0; i < l->h->devices.n; i++) {
		const struct device *d = &l->h->devices.at[i];
		if (!device_is_display(d) || !select_first(l->c, l->h->paths, d, false))
			continue;
		int r = probe_around(l, d->addr, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if it is selected, or may be a companion of a selected display controller, as in
 * leader_of. */
static bool may_be_bound(const struct look *l, const struct device *d)
{
	if (select_first(l->c, l->h->paths, d, false))
		return true;
	for (size_t i = 0; l->c->companions && i < l->h->devices.n; i++) {
		const struct device *other = &l->h->devices.at[i];
		if (device_is_display(other) && device_same_card(other, d) &&
			other->id.vendor == d->id.vendor &&
			select_first(l->c, l->h->paths, other, false))
			return true;
	}
	return false;
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
	for (size_t i = 0; i < l->h->devices.n; i++) {
		const struct device *d = &l->h->devices.at[i];
		for (size_t j = 0; j < l->c->n_selectors; j++) {
			const struct selector *s = &l->c->selectors[j];
			if (!s->exclude && select_matches(s, &l->h->paths[j], d) &&
				select_id_changed(s, d))
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
	scan_cards(&l->h->devices);
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
	int r = probe_all(&l, err);
	if (r < 0) {
		probe_done(&h);
		return r;
	}
	for (size_t i = 0; i < h.devices.n; i++)
		if (may_be_bound(&l, &h.devices.at[i]))
			scan_group(s, &h.devices.at[i]);
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
	h->paths = NULL;
}

static bool mentions(const struct look *l)
{
	for (size_t i = 0; i < l->c->n_selectors; i++)
		if (l->c->selectors[i].kind == SELECT_SERIAL)
			return true;
	for (size_t i = 0; i < l->h->devices.n; i++)
		if (select_first(l->c, l->h->paths, &l->h->devices.at[i], false))
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
