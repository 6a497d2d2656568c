/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"
#include "bind/modules.h"
#include "cmd/list.h"

#include <stdio.h>
#include <string.h>

#define DETAIL 6

const char *vendor_short(const struct function *f, char *buf, size_t size)
{
	static const char *const tails[] = {" Corporation", " Corp", " Inc", " Co.", " Ltd",
		" Limited", " Semiconductor", " Technolog", " Electronics", " Systems", ",", " ["};
	const char *open = strchr(f->vendor_name, '['), *close = strchr(f->vendor_name, ']');

	if (open && close && close > open + 1) {
		(void)snprintf(buf, size, "%.*s", (int)(close - open - 1), open + 1);
		return buf;
	}
	(void)str_copy(buf, size, f->vendor_name);
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char *tail = strstr(buf, tails[i]);
		if (tail && tail > buf)
			*tail = '\0';
	}
	return buf;
}

void function_put(const struct function *f, struct term *p)
{
	char vendor[NAME_MAX_BYTES];

	if (f->d.error) {
		term_put(p, BAD, "can't be read: %s", strerror(-f->d.error));
		return;
	}
	if (f->class_name[0])
		term_put(p, PLAIN, "%s: ", f->class_name);
	else
		term_put(p, PLAIN, "class %04x: ", f->d.class >> 8);
	if (f->vendor_name[0])
		term_put(p, BOLD, "%s ", vendor_short(f, vendor, sizeof(vendor)));
	else
		term_put(p, BOLD, "vendor %04x ", f->d.id.vendor);
	if (f->name[0])
		term_put(p, BOLD, "%s", f->name);
	else
		term_put(p, BOLD, "device %04x", f->d.id.device);
}

/* "256 MiB"; what is given in decimal, as disks are, has its own. */
static const char *binary_size(uint64_t bytes, char buf[static 24])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned u = 0;

	while (bytes >= 1024 && bytes % 1024 == 0 && u < 6) {
		bytes /= 1024;
		u++;
	}
	(void)snprintf(buf, 24, "%llu %s", (unsigned long long)bytes, units[u]);
	return buf;
}

static const char *decimal_size(unsigned long long bytes, char buf[static 24])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	unsigned u;
	unsigned long long tenths;

	if (bytes < 1000) {
		(void)snprintf(buf, 24, "%llu B", bytes);
		return buf;
	}
	for (tenths = bytes / 100, u = 1; tenths >= 9995 && u < 6; u++)
		tenths /= 1000;
	if (tenths < 100)
		(void)snprintf(buf, 24, "%llu.%llu %s", tenths / 10, tenths % 10, units[u]);
	else
		(void)snprintf(buf, 24, "%llu %s", (tenths + 5) / 10, units[u]);
	return buf;
}

static void print_ids(const struct function *f, struct term *p)
{
	const struct pci_id *id = &f->d.id;

	term_phrase(p, PLAIN, "%04x:%04x", id->vendor & 0xffffU, id->device & 0xffffU);
	if (id->subvendor == 0 || device_is_fixed(&f->d))
		return;
	term_phrase(p, PLAIN, "subsystem %04x:%04x%s%s%s", id->subvendor & 0xffffU,
		id->subdevice & 0xffffU, f->subsystem_name[0] ? " (" : "", f->subsystem_name,
		f->subsystem_name[0] ? ")" : "");
}

/* The one that it has is no news, nor is it that modules are named with - and _ alike. */
static void print_candidates(const struct function *f, struct term *p)
{
	char others[256] = "", name[64];
	size_t len = 0;

	for (const char *at = f->candidates; at && *at; at += *at == ' ') {
		size_t n = strcspn(at, " ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)n, at);
		at += n;
		if (module_same(name, f->d.driver) || module_same(name, f->module) ||
			len + n + 8 > sizeof(others))
			continue;
		len += (size_t)snprintf(
			others + len, sizeof(others) - len, "%s%s", len ? " or " : "", name);
	}
	if (len > 0)
		term_phrase(p, PLAIN, "could have %s", others);
}

static void print_driver(const struct function *f, struct term *p)
{
	const char *driver = f->d.driver;
	bool vfio = str_equal(driver, "vfio-pci") || strstr(driver, "vfio_pci");

	if (driver[0])
		term_phrase(p, vfio ? GOOD : BOLD, "driver %s", driver);
	else if (!device_is_fixed(&f->d))
		term_phrase(p, NOTE, "no driver");
	print_candidates(f, p);
}

static void print_speed(const struct function *f, struct term *p)
{
	const struct speed *now = &f->now, *max = &f->max;

	if (!now->rate[0] || now->width == 0)
		return;
	if (max->rate[0] && (max->width != now->width || !str_equal(max->rate, now->rate)))
		term_phrase(p, PLAIN, "link %s x%u of %s x%u", now->rate, now->width, max->rate,
			max->width);
	else
		term_phrase(p, PLAIN, "link %s x%u", now->rate, now->width);
}

static void print_bars(const struct function *f, struct term *p)
{
	char now[24], least[24], most[24];

	for (unsigned i = 0; i < BARS; i++) {
		const struct bar *b = &f->bars[i];
		if (!b->resizable || b->sizes == 0)
			continue;
		unsigned low = (unsigned)__builtin_ctzll(b->sizes);
		unsigned high = 63 - (unsigned)__builtin_clzll(b->sizes);
		if (high > 43) /* 2^63 bytes and more: no size of a region */
			continue;
		term_phrase(p, PLAIN, "BAR %u %s (%s to %s)", i, binary_size(b->size, now),
			binary_size(1ULL << (20 + low), least),
			binary_size(1ULL << (20 + high), most));
	}
}

static void print_virtual(const struct function *f, struct term *p)
{
	char address[PCI_ADDR_MAX];

	if (f->is_vf)
		term_phrase(
			p, PLAIN, "virtual function of %s", pci_addr_format(f->physical, address));
	if (f->vfs_max > 0)
		term_phrase(p, PLAIN, "SR-IOV: %u of %u virtual functions", f->vfs, f->vfs_max);
}

static void print_reset(const struct function *f, struct term *p)
{
	if (str_equal(f->reset, "yes"))
		term_phrase(p, PLAIN, "can be reset");
	else if (f->reset[0])
		term_phrase(p, PLAIN, "reset: %s", f->reset);
	else
		term_phrase(p, NOTE, "no reset method: a VM can't be shut down cleanly with it");
}

static void print_verdict(const struct listing *l, const struct function *f, struct term *p)
{
	const struct verdict *v = listing_verdict(l, f);

	if (!v)
		return;
	term_line(p, DETAIL);
	if (v->action == ACTION_BIND)
		term_words(p, GOOD, "asked for (%s:%u): goes to %s", l->plan->config->path,
			v->asked->line, v->driver);
	else
		term_words(p, BAD, "asked for (%s:%u), and stays: %s", l->plan->config->path,
			v->asked->line, v->why);
}

static void print_uses(const struct attached *b, struct term *p)
{
	for (const char *use = b->uses; use && *use; use += strlen(use) + 1)
		term_put(p, b->kind == ATTACHED_BLOCK ? NOTE : PLAIN, "%s%s",
			use == b->uses ? ": " : " ", use);
}

void attached_put(const struct attached *b, struct term *p)
{
	char size[24];

	switch (b->kind) {
	case ATTACHED_BLOCK:
		term_put(p, PLAIN, "%s %s%s%s", b->name, decimal_size(b->bytes, size),
			b->what[0] ? " " : "", b->what);
		if (b->part_of[0])
			term_put(p, NOTE, ", part of %s", b->part_of);
		break;
	case ATTACHED_NET:
		term_put(p, PLAIN, "%s %s%s%s", b->name, b->up ? "up" : "down",
			b->what[0] ? ", part of " : "", b->what);
		break;
	case ATTACHED_USB:
		term_put(p, PLAIN, "usb %s %s %s", b->name, b->id, b->what);
		break;
	case ATTACHED_CONNECTOR:
		term_put(p, PLAIN, "screen on %s%s%s%s", b->name, b->what[0] ? " " : "", b->what,
			b->up ? "" : ", dark");
		break;
	}
	print_uses(b, p);
}

static void print_all_behind(const struct listing *l, const struct function *f, struct term *p)
{
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (size_t i = 0; i < n; i++) {
		term_line(p, DETAIL);
		term_put(p, PLAIN, "- ");
		attached_put(&b[i], p);
	}
}

static void print_details(const struct function *f, struct term *p)
{
	term_line(p, DETAIL);
	print_ids(f, p);
	print_driver(f, p);
	if (device_is_fixed(&f->d)) {
		if (f->first_bus > 0)
			term_phrase(p, PLAIN, "bridge to bus %02x", f->first_bus);
		return;
	}
	if (f->d.is_boot_display)
		term_phrase(p, NOTE, "boot display");
	print_virtual(f, p);
	print_reset(f, p);
	print_speed(f, p);
	print_bars(f, p);
	if (f->has_rom)
		term_phrase(p, PLAIN, "ROM");
	if (f->numa >= 0)
		term_phrase(p, PLAIN, "NUMA node %d", f->numa);
}

static void print_group(const struct listing *l, int group, struct term *p)
{
	term_line(p, 0);
	if (group < 0) {
		term_put(p, BOLD, "No IOMMU group");
		term_put(p, PLAIN, ": can't be given to a VM");
		return;
	}
	term_put(p, BOLD, "Group %d", group);
	size_t slots = listing_slots_of(l->inventory, group);
	if (slots > 1)
		term_put(p, NOTE, ": %zu devices, to be given together or not at all", slots);
}

static void print_absent(const struct listing *l, struct term *p)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; l->plan && i < l->plan->n; i++) {
		const struct verdict *v = &l->plan->verdicts[i];
		if (v->device)
			continue;
		term_line(p, 0);
		term_words(p, BAD, "%s, asked for (%s:%u): %s", verdict_name(v, name),
			l->plan->config->path, v->asked->line, v->why);
	}
}

void listing_print(const struct listing *l, struct term *p)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < l->n; i++) {
		const struct function *f = l->shown[i];
		if (i == 0 || f->d.group != l->shown[i - 1]->d.group)
			print_group(l, f->d.group, p);
		term_line(p, 2);
		term_put(p, BOLD, "%s", pci_addr_format(f->d.addr, address));
		term_put(p, PLAIN, " ");
		function_put(f, p);
		if (!f->d.error)
			print_details(f, p);
		print_verdict(l, f, p);
		print_all_behind(l, f, p);
	}
	if (l->asked_only)
		print_absent(l, p);
	term_end(p);
}
