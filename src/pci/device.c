/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/device.h"

#include "base/array.h"
#include "base/str.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_OF(d) ((d)->class >> 8)
#define BOOT_VGA_UNREAD (-2)

/* PCI Express Base Specification 6.0, sections 7.6.3 and 7.9.3. */
#define EXTENDED_START 0x100
#define EXTENDED_END 0x1000
#define EXTENDED_SERIAL 0x0003
#define EXTENDED_MAX ((EXTENDED_END - EXTENDED_START) / 8)

void device_list_done(struct device_list *list)
{
	free(list->at);
	*list = (struct device_list){0};
}

bool device_is_display(const struct device *d)
{
	return d->class >> 16 == PCI_BASE_DISPLAY;
}

bool device_has_outputs(const struct device *d)
{
	return device_is_display(d) && !d->is_virtual &&
	       (CLASS_OF(d) != PCI_CLASS_3D || d->is_boot_display || d->has_screens);
}

bool device_is_bmc_display(const struct device *d)
{
	/* ASPEED, Matrox G200e, HiSilicon, Silicon Motion, SiS; ES1000 of ATI */
	static const struct {
		uint32_t vendor, device, mask;
	} table[] = {{0x1a03, 0, 0}, {0x102b, 0x0500, 0xff00}, {0x19e5, 0x1711, 0xffff},
		{0x18ca, 0x0020, 0xfffe}, {0x126f, 0x0750, 0xffff}, {0x1002, 0x515e, 0xffff}};

	for (size_t i = 0; device_is_display(d) && i < sizeof(table) / sizeof(*table); i++)
		if (d->id.vendor == table[i].vendor &&
			(d->id.device & table[i].mask) == table[i].device)
			return true;
	return false;
}

/* With these classes a header of type 0 is invalid, and the kernel ignores a device that has one
 * (pci_setup_device in drivers/pci/probe.c): no file need be read, and a recorded tree may lack
 * it. */
static bool is_bridge_by_class(const struct device *d)
{
	uint32_t class = CLASS_OF(d);

	return class == 0x0604 || class == 0x0607 || class == 0x0609;
}

bool device_is_bridge(const struct device *d)
{
	return d->has_bus || is_bridge_by_class(d);
}

bool device_is_fixed(const struct device *d)
{
	return device_is_bridge(d) || CLASS_OF(d) == 0x0600 || CLASS_OF(d) == 0x0601;
}

struct device *device_find(const struct device_list *list, struct pci_addr addr)
{
	size_t first = 0;

	for (size_t end = list->sorted ? list->n : 0; first < end;) {
		size_t middle = first + (end - first) / 2;
		if (pci_addr_compare(list->at[middle].addr, addr) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	for (size_t i = first; i < list->n; i++) {
		if (pci_addr_compare(list->at[i].addr, addr) == 0)
			return &list->at[i];
		if (list->sorted)
			break;
	}
	return NULL;
}

static int list_add(struct device_list *list, const struct device *d)
{
	list->sorted = list->n == 0 ||
		       (list->sorted && pci_addr_compare(list->at[list->n - 1].addr, d->addr) < 0);
	struct device *at = list->n < DEVICES_MAX
				    ? array_grow(list->at, list->n, &list->size, sizeof(*at))
				    : NULL;
	if (!at)
		return -ENOMEM;
	list->at = at;
	list->at[list->n++] = *d;
	return 0;
}

static bool read_number(struct sysfs *s, struct pci_addr addr, const char *attribute, uint32_t *ret)
{
	char text[16];
	const char *p = text;

	if (sysfs_read(s, addr, attribute, text, sizeof(text)) < 0)
		return false;
	if (str_starts(p, "0x"))
		p += 2;
	return str_hex(&p, 8, ret) && *p == '\0';
}

/*
 * modalias has in one read what vendor, device, class and the subsystem files have in five. A
 * hand-made tree may lack it.
 */
static int read_identity(struct sysfs *s, struct device *d)
{
	char alias[96];
	ssize_t n = sysfs_read(s, d->addr, "modalias", alias, sizeof(alias));

	if (n == -ENOENT) {
		if (!read_number(s, d->addr, "vendor", &d->id.vendor))
			return -ENOENT;
		if (!read_number(s, d->addr, "device", &d->id.device) ||
			!read_number(s, d->addr, "class", &d->class))
			return -EIO;
		(void)read_number(s, d->addr, "subsystem_vendor", &d->id.subvendor);
		(void)read_number(s, d->addr, "subsystem_device", &d->id.subdevice);
		return 0;
	}
	if (n < 0) /* the device was removed after the open */
		return n == -ENODEV ? -ENOENT : (int)n;
	return pci_modalias_parse(alias, &d->id, &d->class) ? 0 : -EINVAL;
}

/* True for classes that never have a bridge header: devices typical for VMs need no read. */
static bool is_plain(const struct device *d)
{
	static const uint8_t plain[] = {
		0x01, 0x02, PCI_BASE_DISPLAY, 0x04, 0x07, 0x09, 0x0c, 0x0d, 0x10, 0x11, 0x12};

	return memchr(plain, (int)(d->class >> 16), sizeof(plain)) != NULL;
}

static void scan_header(struct sysfs *s, struct device *d)
{
	char address[PCI_ADDR_MAX];

	if (d->error == 0 && !is_plain(d) && !device_is_fixed(d))
		d->has_bus = sysfs_path_exists(s, "bus/pci/devices/%s/secondary_bus_number",
			pci_addr_format(d->addr, address));
}

static struct device device_at(struct pci_addr addr)
{
	return (struct device){.addr = addr, .boot_vga = BOOT_VGA_UNREAD, .group = -1};
}

/* A shortage of our own says nothing about the device: if it were skipped, no guard would see
 * it. */
static bool is_our_want(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

int scan_one(struct sysfs *s, struct pci_addr addr, struct device_list *list, struct err *err)
{
	if (device_find(list, addr))
		return 1;
	struct device d = device_at(addr);
	int r = read_identity(s, &d);
	if (r == -ENOENT)
		return 0;
	if (is_our_want(r))
		return err_set(err, -r, "PCI devices: can't look at them: %s", strerror(-r));
	d.error = r;
	scan_header(s, &d);
	r = list_add(list, &d);
	return r < 0 ? err_set(err, -r, "no memory for %zu PCI devices", list->n) : 1;
}

static bool read_dword(struct sysfs *s, struct pci_addr addr, unsigned offset, uint32_t *ret)
{
	uint8_t b[4];

	if (sysfs_read_at(s, addr, "config", offset, b, sizeof(b)) != (ssize_t)sizeof(b))
		return false;
	*ret = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return true;
}

/* Reads only the capability headers up to the serial number: some devices misbehave when undefined
 * registers are read (lspci(8), -xxxx). A removed device reads as all ones. */
static uint64_t read_serial(struct sysfs *s, struct pci_addr addr)
{
	uint32_t header, low, high;
	unsigned at = EXTENDED_START;

	for (int i = 0; i < EXTENDED_MAX; i++) {
		if (!read_dword(s, addr, at, &header) || header == 0 || header == UINT32_MAX)
			return 0;
		if ((header & 0xffff) == EXTENDED_SERIAL) {
			if (!read_dword(s, addr, at + 4, &low) ||
				!read_dword(s, addr, at + 8, &high))
				return 0;
			return (uint64_t)high << 32 | low;
		}
		at = header >> 20 & ~3U;
		if (at < EXTENDED_START || at > EXTENDED_END - 8)
			return 0;
	}
	return 0;
}

static int has_serial_file(struct pci_addr addr, void *to)
{
	char text[32];

	return sysfs_read(to, addr, "serial_number", text, sizeof(text)) >= 0;
}

enum scan_serials scan_serials_of(struct sysfs *s)
{
	return sysfs_each_device(s, has_serial_file, s, NULL) == 1 ? SERIALS_IN_FILES
								   : SERIALS_IN_CONFIG_SPACE;
}

/* "00-80-ee-00-00-00-41-80", the highest byte first (serial_number_show in
 * drivers/pci/pci-sysfs.c). */
static uint64_t read_serial_file(struct sysfs *s, struct pci_addr addr)
{
	char text[32];
	const char *p = text;
	uint64_t serial = 0;
	uint32_t byte;

	if (sysfs_read(s, addr, "serial_number", text, sizeof(text)) < 0)
		return 0;
	for (int i = 0; i < 8; i++) {
		if ((i > 0 && *p++ != '-') || !str_hex_fixed(&p, 2, &byte))
			return 0;
		serial = serial << 8 | byte;
	}
	return *p == '\0' ? serial : 0;
}

uint64_t scan_serial(struct sysfs *s, struct pci_addr addr, enum scan_serials from)
{
	return from == SERIALS_IN_FILES ? read_serial_file(s, addr) : read_serial(s, addr);
}

struct walk {
	struct sysfs *s;
	struct device_list *list;
	struct device_list before; /* the list before the walk, which meets each device once */
	bool with_serials;
	enum scan_serials serials;
	bool (*keep)(const struct device *d, const void *arg);
	const void *arg;
};

static int walk_device(struct pci_addr addr, void *to)
{
	const struct walk *w = to;
	struct device d = device_at(addr);

	d.error = read_identity(w->s, &d);
	if (d.error == -ENOENT) /* it vanished after the listing */
		return 0;
	if (is_our_want(d.error))
		return d.error;
	if (w->with_serials && d.error == 0 && !device_is_fixed(&d))
		d.serial = scan_serial(w->s, addr, w->serials);
	if (d.error == 0 && !w->keep(&d, w->arg))
		return 0;
	if (device_find(&w->before, addr)) {
		device_find(w->list, addr)->serial = d.serial;
		return 0;
	}
	scan_header(w->s, &d);
	return list_add(w->list, &d);
}

int scan_all(struct sysfs *s, struct device_list *list, bool with_serials,
	bool (*keep)(const struct device *d, const void *arg), const void *arg, struct err *err)
{
	struct err reason = {""};
	struct device_list before = {.n = list->n, .sorted = list->sorted};

	if (before.n > 0) {
		before.at = malloc(before.n * sizeof(*before.at));
		if (!before.at)
			return err_set(err, ENOMEM, "no memory for %zu PCI devices", before.n);
		memcpy(before.at, list->at, before.n * sizeof(*before.at));
	}
	struct walk w = {s, list, before, with_serials, SERIALS_IN_CONFIG_SPACE, keep, arg};
	if (with_serials)
		w.serials = scan_serials_of(s);
	int r = sysfs_each_device(s, walk_device, &w, &reason);
	device_list_done(&before);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "no memory for %zu PCI devices", list->n);
	if (r < 0)
		return err_set(err, -r, "%s", reason.text);
	return 0;
}

void scan_group(struct sysfs *s, struct device *d)
{
	char group[16];
	unsigned long number;

	if (sysfs_link(s, d->addr, "iommu_group", group, sizeof(group)) > 0 &&
		str_decimal(group, INT32_MAX, &number))
		d->group = (int)number;
}

static int is_described(const char *name, void *to)
{
	(void)to;
	return !str_starts(name, "dmar") && !str_starts(name, "ivhd");
}

void scan_groups(struct sysfs *s, struct device_list *list,
	bool (*wanted)(const struct device *d, const void *arg), const void *arg)
{
	int described = -1; /* most machines have no need of it */

	for (size_t i = 0; i < list->n; i++) {
		struct device *d = &list->at[i];
		if (!wanted(d, arg))
			continue;
		scan_group(s, d);
		if (d->group >= 0)
			continue;
		if (described < 0)
			described = sysfs_path_each(s, "class/iommu", is_described, NULL) == 1;
		if (described)
			scan_driver(s, d);
		d->group_later = described && d->driver[0] == '\0';
	}
}

void scan_driver(struct sysfs *s, struct device *d)
{
	if (sysfs_link(s, d->addr, "driver", d->driver, sizeof(d->driver)) < 0)
		(void)snprintf(d->driver, sizeof(d->driver), "?");
}

void scan_virtual(struct sysfs *s, struct device *d)
{
	char card[PCI_ADDR_MAX];

	d->is_virtual = sysfs_link(s, d->addr, "physfn", card, sizeof(card)) > 0;
}

void scan_boot_vga(struct sysfs *s, struct device *d)
{
	char text[8];

	if (d->boot_vga != BOOT_VGA_UNREAD)
		return;
	d->boot_vga = -1;
	if (CLASS_OF(d) != PCI_CLASS_VGA)
		return;
	ssize_t n = sysfs_read(s, d->addr, "boot_vga", text, sizeof(text));
	if (n != -ENOENT) /* unreadable counts as the boot display: the safe side */
		d->boot_vga = n <= 0 || text[0] == '1';
}

static int device_compare(const void *a, const void *b)
{
	const struct device *x = a, *y = b;
	return pci_addr_compare(x->addr, y->addr);
}

void scan_sort(struct device_list *list)
{
	if (list->n > 1)
		qsort(list->at, list->n, sizeof(*list->at), device_compare);
	list->sorted = true;
}
