/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/inventory.h"

#include "base/str.h"
#include "core/card.h"
#include "host/attached.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_text(
	struct sysfs *s, const struct function *f, const char *attribute, char *buf, size_t size)
{
	ssize_t n = sysfs_read(s, f->d.addr, attribute, buf, size);

	if (n < 0)
		buf[0] = '\0';
	return n >= 0;
}

static bool read_number(
	struct sysfs *s, const struct function *f, const char *attribute, unsigned *ret)
{
	char text[32];
	unsigned long number;

	if (!read_text(s, f, attribute, text, sizeof(text)) ||
		!str_decimal(text, UINT32_MAX, &number))
		return false;
	*ret = (unsigned)number;
	return true;
}

/* "8.0 GT/s PCIe", or "Unknown" without a link (pci_speed_string in drivers/pci/probe.c). */
static void read_speed(struct sysfs *s, const struct function *f, const char *rate,
	const char *width, struct speed *ret)
{
	char text[32];

	if (!read_text(s, f, rate, text, sizeof(text)) || str_starts(text, "Unknown"))
		return;
	char *unit = strstr(text, " PCIe");
	if (unit)
		*unit = '\0';
	(void)str_copy(ret->rate, sizeof(ret->rate), text);
	(void)read_number(s, f, width, &ret->width);
}

/*
 * Since Linux 5.15 reset_method lists the methods in the order in which they are tried, and is
 * missing if there are none (reset_method_attr_is_visible in drivers/pci/pci.c); before, the file
 * `reset` only showed that there is one.
 */
static void read_reset(struct sysfs *s, struct function *f)
{
	if (!read_text(s, f, "reset_method", f->reset, sizeof(f->reset)) &&
		sysfs_path_exists(s, "bus/pci/devices/%s/reset",
			pci_addr_format(f->d.addr, (char[PCI_ADDR_MAX]){0})))
		(void)str_copy(f->reset, sizeof(f->reset), "yes");
}

/* "devices/pci0000:00/0000:00:01.0/0000:01:00.0": the bridge above, and the host bridge. */
static void read_place(struct sysfs *s, struct function *f)
{
	char target[SYSFS_PATH_MAX], address[PCI_ADDR_MAX];

	if (sysfs_path_link(s, target, sizeof(target), "bus/pci/devices/%s",
		    pci_addr_format(f->d.addr, address)) < 0)
		return;
	char *last = strrchr(target, '/');
	if (!last)
		return;
	*last = '\0';
	f->has_upstream = sysfs_path_owner(target, &f->upstream);
	for (char *at = strstr(target, "/pci"); at; at = strstr(at + 1, "/pci")) {
		char *name = at + 1; /* the last one: VMD has a host bridge of its own */
		size_t len = strcspn(name, "/");
		if (len < sizeof(f->root)) {
			memcpy(f->root, name, len);
			f->root[len] = '\0';
		}
	}
}

static void read_bars(struct sysfs *s, struct function *f)
{
	static const char *const names[BARS] = {"resource0_resize", "resource1_resize",
		"resource2_resize", "resource3_resize", "resource4_resize", "resource5_resize"};
	struct resource have[RESOURCES];
	char sizes[32];
	bool any = false;

	for (unsigned i = 0; i < BARS; i++) {
		if (!read_text(s, f, names[i], sizes, sizeof(sizes)))
			continue;
		f->bars[i].resizable = any = true;
		f->bars[i].sizes = strtoull(sizes, NULL, 16);
	}
	if (!any)
		return;
	resource_read(s, f->d.addr, have);
	for (unsigned i = 0; i < BARS; i++)
		f->bars[i].size = have[i].bytes;
}

static void read_virtual(struct sysfs *s, struct function *f)
{
	char text[PCI_ADDR_MAX];

	if (read_number(s, f, "sriov_totalvfs", &f->vfs_max))
		(void)read_number(s, f, "sriov_numvfs", &f->vfs);
	f->is_vf = sysfs_link(s, f->d.addr, "physfn", text, sizeof(text)) > 0 &&
		   pci_addr_parse(text, &f->physical);
}

static void read_module(struct sysfs *s, struct function *f)
{
	char target[SYSFS_PATH_MAX];

	if (!f->d.driver[0] || sysfs_path_link(s, target, sizeof(target),
				       "bus/pci/drivers/%s/module", f->d.driver) <= 0)
		return;
	const char *slash = strrchr(target, '/');
	(void)str_copy(f->module, sizeof(f->module), slash ? slash + 1 : target);
}

static void read_function(struct sysfs *s, struct function *f)
{
	char address[PCI_ADDR_MAX];
	unsigned node;

	scan_group(s, &f->d);
	scan_driver(s, &f->d);
	read_module(s, f);
	scan_boot_vga(s, &f->d);
	read_place(s, f);
	read_reset(s, f);
	read_virtual(s, f);
	read_speed(s, f, "current_link_speed", "current_link_width", &f->now);
	read_speed(s, f, "max_link_speed", "max_link_width", &f->max);
	/* -1, which read_number refuses, on a machine with one node */
	f->numa = read_number(s, f, "numa_node", &node) ? (int)node : -1;
	if (device_is_fixed(&f->d)) {
		(void)read_number(s, f, "secondary_bus_number", &f->first_bus);
		(void)read_number(s, f, "subordinate_bus_number", &f->last_bus);
		return;
	}
	f->has_rom = sysfs_path_exists(
		s, "bus/pci/devices/%s/rom", pci_addr_format(f->d.addr, address));
	read_bars(s, f);
}

/* A look-up costs as much as all files of a function. The virtual functions of a card, which make
 * a machine large, follow one another and have the same names. */
static void read_names(struct pciids *names, struct function *f, const struct function *before)
{
	if (f->d.error)
		return;
	if (before && !before->d.error && before->d.class == f->d.class &&
		device_is_fixed(&before->d) == device_is_fixed(&f->d) &&
		memcmp(&before->d.id, &f->d.id, sizeof(f->d.id)) == 0) {
		memcpy(f->class_name, before->class_name, sizeof(f->class_name));
		memcpy(f->vendor_name, before->vendor_name, sizeof(f->vendor_name));
		memcpy(f->name, before->name, sizeof(f->name));
		memcpy(f->subsystem_name, before->subsystem_name, sizeof(f->subsystem_name));
		return;
	}
	(void)pciids_class(names, f->d.class, f->class_name, sizeof(f->class_name));
	(void)pciids_vendor(names, f->d.id.vendor, f->vendor_name, sizeof(f->vendor_name));
	(void)pciids_device(names, &f->d.id, f->name, sizeof(f->name));
	if (!device_is_fixed(&f->d))
		(void)pciids_subsystem(
			names, &f->d.id, f->subsystem_name, sizeof(f->subsystem_name));
}

/* A line of the notes: an address, followed by the names. */
static int parse_candidates(struct inventory *v, const struct host_snapshot *notes)
{
	for (const char *line = notes->candidates; line && *line;) {
		size_t end = strcspn(line, "\n"), len = strcspn(line, " \n");
		char address[PCI_ADDR_MAX];
		struct pci_addr addr;
		if (len < sizeof(address) && len < end) {
			memcpy(address, line, len);
			address[len] = '\0';
			struct function *f = pci_addr_parse(address, &addr)
						     ? inventory_find(v, addr)
						     : NULL;
			if (f && !f->candidates) {
				f->candidates = strndup(line + len + 1, end - len - 1);
				if (!f->candidates)
					return -ENOMEM;
			}
		}
		line += end + (line[end] == '\n');
	}
	return 0;
}

static bool keep_all(const struct device *d, const void *arg)
{
	(void)d;
	(void)arg;
	return true;
}

static int compare_groups(const void *a, const void *b)
{
	const struct function *x = *(struct function *const *)a, *y = *(struct function *const *)b;

	if (x->d.group != y->d.group)
		return x->d.group < y->d.group ? -1 : 1;
	return pci_addr_compare(x->d.addr, y->d.addr);
}

static int sort_groups(struct inventory *v)
{
	v->by_group = calloc(v->n ? v->n : 1, sizeof(struct function *));
	if (!v->by_group)
		return -ENOMEM;
	for (size_t i = 0; i < v->n; i++)
		v->by_group[i] = &v->at[i];
	if (v->n > 1)
		qsort(v->by_group, v->n, sizeof(struct function *), compare_groups);
	return 0;
}

/* The list has the same functions in the same order. */
static void mark_cards(struct inventory *v, struct device_list *list, struct sysfs *s)
{
	cards_mark(list, s);
	for (size_t i = 0; i < v->n; i++) {
		struct device *d = &v->at[i].d;
		d->is_virtual = list->at[i].is_virtual;
		d->of_card = list->at[i].of_card;
		d->card = list->at[i].card;
	}
}

static int gather(struct inventory *v, struct sysfs *s, struct pciids *names,
	const struct host_snapshot *notes, struct err *err)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	struct attached_list attached = {0};

	int r = scan_all(s, &list, false, keep_all, NULL, err);
	if (r < 0)
		return r;
	scan_sort(&list);
	v->at = calloc(list.n ? list.n : 1, sizeof(*v->at));
	if (!v->at)
		return err_set(err, ENOMEM, "no memory for %zu PCI devices", list.n);
	for (; v->n < list.n; v->n++) {
		struct function *f = &v->at[v->n];
		f->d = list.at[v->n];
		read_function(s, f);
		read_names(names, f, v->n > 0 ? f - 1 : NULL);
		list.at[v->n].is_virtual = f->is_vf;
	}
	mark_cards(v, &list, s);
	for (size_t i = 0; i < v->n; i++) {
		struct function *upstream = v->at[i].has_upstream
						    ? inventory_find(v, v->at[i].upstream)
						    : NULL;
		if (upstream)
			upstream->has_below = true;
		else
			v->at[i].has_upstream = false;
	}
	if (parse_candidates(v, notes) < 0 || sort_groups(v) < 0)
		return err_set(err, ENOMEM, "no memory for %zu PCI devices", list.n);
	r = attached_gather(&attached, s, notes, err);
	v->attached = attached.at;
	v->n_attached = attached.n;
	return r;
}

int inventory_gather(struct inventory *ret, struct sysfs *s, struct pciids *names,
	const struct host_snapshot *notes, struct err *err)
{
	*ret = (struct inventory){0};
	return gather(ret, s, names, notes, err);
}

int inventory_find_boot_display(
	struct inventory *v, struct sysfs *s, const struct boot_display_from *from)
{
	struct device_list displays = {.at = calloc(v->n ? v->n : 1, sizeof(*displays.at))};
	struct boot_display boot = {0};

	if (!displays.at)
		return -ENOMEM;
	for (size_t i = 0; i < v->n; i++)
		if (device_is_display(&v->at[i].d))
			displays.at[displays.n++] = v->at[i].d;
	boot_display_find(&boot, s, &displays, from);
	for (size_t i = 0; i < displays.n; i++)
		inventory_find(v, displays.at[i].addr)->d = displays.at[i];
	device_list_done(&displays);
	return 0;
}

void inventory_done(struct inventory *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->at[i].candidates);
	free(v->at);
	free(v->by_group);
	attached_done(v->attached, v->n_attached);
	*v = (struct inventory){0};
}

static int compare_slot(const void *key, const void *at)
{
	const struct pci_addr *addr = key;
	const struct function *f = at;

	return pci_addr_compare(*addr, f->d.addr);
}

struct function *inventory_find(const struct inventory *v, struct pci_addr addr)
{
	return v->n ? bsearch(&addr, v->at, v->n, sizeof(*v->at), compare_slot) : NULL;
}

struct function *const *inventory_group(const struct inventory *v, int group, size_t *ret_n)
{
	size_t first = 0, n = 0;

	for (size_t end = v->n; first < end;) {
		size_t middle = first + (end - first) / 2;
		if (v->by_group[middle]->d.group < group)
			first = middle + 1;
		else
			end = middle;
	}
	while (first + n < v->n && v->by_group[first + n]->d.group == group)
		n++;
	*ret_n = n;
	return v->by_group + first;
}

const struct attached *inventory_attached(
	const struct inventory *v, struct pci_addr addr, size_t *ret_n)
{
	return attached_of(v->attached, v->n_attached, addr, ret_n);
}
