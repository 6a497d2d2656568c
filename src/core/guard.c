/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/guard.h"

#include "base/array.h"
#include "base/log.h"
#include "base/str.h"
#include "core/card.h"
#include "core/usable.h"
#include "pci/devpath.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- protected ---------------------------------------------------------------------------------
 */

#define BASE_OF(class) ((class) >> 16)
#define CLASS_OF(class) ((class) >> 8)

#define STORAGE 0x01
#define NETWORK 0x02
#define MULTIMEDIA 0x04
#define INPUT 0x09
#define WIRELESS 0x0d
#define ACCELERATOR 0x12
#define UNASSIGNED 0xff /* some SD card readers */
#define SD_HOST 0x0805
#define FIREWIRE 0x0c00
#define USB 0x0c03
#define FIBRE_CHANNEL 0x0c04
#define INFINIBAND 0x0c06

#define REASON_MAX 224

static bool is_bound(const struct verdict *v)
{
	return v->action == ACTION_BIND;
}

bool guard_needs_protected(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		uint32_t base = is_bound(v) ? BASE_OF(v->device->class) : PCI_BASE_DISPLAY;
		if (base != PCI_BASE_DISPLAY && base != MULTIMEDIA && base != ACCELERATOR)
			return true;
	}
	return false;
}

static bool is_at(const struct protected_dev *one, const struct device *d)
{
	return (one->at_addr && pci_addr_compare(one->addr, d->addr) == 0) ||
	       (one->at_path && pci_addr_compare(one->path_addr, d->addr) == 0);
}

/* Disks and NICs are compared by base class, which has many subclasses; others by subclass, too: a
 * USB controller (0c03) is not an SMBus (0c05). */
static bool same_class(uint32_t a, uint32_t b)
{
	uint32_t base = BASE_OF(a);

	if (base == STORAGE || base == NETWORK)
		return base == BASE_OF(b);
	return CLASS_OF(a) == CLASS_OF(b);
}

/* The config setting that allows it, appended to the reason. */
static const char *way_out(enum protected_kind kind)
{
	switch (kind) {
	case PROTECTED_ROUTE:
		return "; [guard] network = allow lets it be taken";
	case PROTECTED_KEYBOARD:
		return "; [guard] keyboard = allow lets it be taken";
	default:
		return "";
	}
}

static void refuse_needed(struct plan *p, const struct protected_dev *one)
{
	char reason[REASON_MAX];

	(void)snprintf(
		reason, sizeof(reason), "the host needs it: %s%s", one->reason, way_out(one->kind));
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) && is_at(one, p->verdicts[i].device))
			guard_refuse_card(p, &p->verdicts[i], reason);
}

static void refuse_class_of(struct plan *p, const struct protected_dev *one)
{
	char reason[REASON_MAX], address[PCI_ADDR_MAX], id[PCI_ID_MAX];

	(void)snprintf(reason, sizeof(reason),
		"the host's %s was at %s when the image was made and has moved (%.70s); it may be this one: rebuild the image",
		pci_id_format(&one->id, id), pci_addr_format(one->addr, address), one->reason);
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) &&
			same_class(one->class, p->verdicts[i].device->class))
			guard_refuse_card(p, &p->verdicts[i], reason);
}

static bool is_here(const struct protected_dev *one)
{
	return one->at_addr || one->at_path;
}

static bool may_go(const struct config *c, enum protected_kind kind)
{
	return kind == PROTECTED_ROUTE ? c->may_take_network
				       : kind == PROTECTED_KEYBOARD && c->may_take_keyboard;
}

static void refuse_protected(struct plan *p, const struct protected_list *k)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct protected_dev *one = &k->at[i];
		if (may_go(p->config, one->kind))
			continue;
		if (is_here(one))
			refuse_needed(p, one);
		else
			refuse_class_of(p, one);
	}
}

/* ---- unknown ----------------------------------------------------------------------------------
 */

/* A serial number, an address or a path selects one particular device, on purpose. */
static bool is_named(const struct verdict *v)
{
	return v->selector->kind != SELECT_ID;
}

static bool is_network(uint32_t class)
{
	return BASE_OF(class) == NETWORK || BASE_OF(class) == WIRELESS ||
	       CLASS_OF(class) == INFINIBAND;
}

static bool is_usb(uint32_t class)
{
	return CLASS_OF(class) == USB || BASE_OF(class) == INPUT;
}

/* Controllers of disks, of what disks may be plugged into, of networks and of keyboards. */
bool guard_is_needed(uint32_t class)
{
	return BASE_OF(class) == STORAGE || CLASS_OF(class) == SD_HOST ||
	       CLASS_OF(class) == FIBRE_CHANNEL || CLASS_OF(class) == FIREWIRE ||
	       BASE_OF(class) == UNASSIGNED || is_network(class) || is_usb(class);
}

/* True for the USB port of a card whose display is bound: it goes with its display. */
static bool is_of_display(const struct plan *p, const struct verdict *v)
{
	for (size_t i = 0; v->device->of_card && i < p->n; i++) {
		const struct verdict *other = &p->verdicts[i];
		if (is_bound(other) && device_is_display(other->device) &&
			card_same(other->device, v->device))
			return true;
	}
	return false;
}

/* Refuses devices selected by id alone; binds others with a warning. */
static void set_unverified(struct plan *p, bool (*concerns)(uint32_t class), const char *what,
	const char *unknown, const char *key)
{
	char reason[REASON_MAX];

	(void)snprintf(reason, sizeof(reason),
		"%s: %.90s; name it by address%s to have it all the same", what, unknown, key);
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (!is_bound(v) || !concerns(v->device->class) || is_of_display(p, v))
			continue;
		if (!is_named(v))
			guard_refuse_card(p, v, reason);
		else if (!p->unverified[0])
			(void)snprintf(p->unverified, sizeof(p->unverified), "%.50s: %.90s", what,
				unknown);
	}
}

static void refuse_unverified(struct plan *p, const struct protected_list *k)
{
	const char *route = protected_unknown_kind(k, UNKNOWN_ROUTE);
	const char *keyboard = protected_unknown_kind(k, UNKNOWN_KEYBOARD);

	if (!protected_is_complete(k))
		set_unverified(p, guard_is_needed, "the host may need it",
			k->unknown[0] ? k->unknown : "the record was cut off", "");
	if (route && !p->config->may_take_network)
		set_unverified(p, is_network, "the host's default route may go over it", route,
			" or set [guard] network = allow");
	if (keyboard && !p->config->may_take_keyboard)
		set_unverified(p, is_usb, "a passphrase may be typed at it", keyboard,
			" or set [guard] keyboard = allow");
}

/* Something comes over the network by an unknown NIC: all NICs stay. */
static void refuse_network(struct plan *p, const char *what)
{
	char reason[REASON_MAX];

	(void)snprintf(reason, sizeof(reason),
		"the host may boot over it: %.90s; named by address and with [guard] network = allow it is bound",
		what);
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (!is_bound(v) || !is_network(v->device->class))
			continue;
		if (!p->config->may_take_network || !is_named(v))
			guard_refuse_card(p, v, reason);
		else
			(void)snprintf(p->unverified, sizeof(p->unverified),
				"the host may boot over it: %.90s", what);
	}
}

/* The default route does not show the peer that the host boots from: only NICs found for that peer
 * (PROTECTED_NETWORK) satisfy the word. */
void guard_protected(struct plan *p, const struct protected_list *k, const char *network)
{
	char word[96];

	if (k)
		refuse_protected(p, k);
	const char *doubt = k ? protected_unknown_kind(k, UNKNOWN_NETWORK) : NULL;
	(void)snprintf(word, sizeof(word), "'%.60s' on the kernel command line", network);
	if (doubt)
		refuse_network(p, doubt);
	else if (network[0] && !(k && protected_has(k, PROTECTED_NETWORK)))
		refuse_network(p, word);
	if (k)
		refuse_unverified(p, k);
}

/* ---- guard -------------------------------------------------------------------------------------
 */

static void refuse(struct verdict *v, const char *fmt, ...) _printf_(2, 3);
static void refuse(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	v->action = ACTION_REFUSE;
	va_start(ap, fmt);
	(void)vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
}

/* Refuses the other functions of the card, too, for the same reason. */
void guard_refuse_card(struct plan *p, struct verdict *v, const char *reason)
{
	char address[PCI_ADDR_MAX];

	pci_addr_format(v->device->addr, address);
	for (size_t i = 0; v->device->of_card && i < p->n; i++) {
		struct verdict *other = &p->verdicts[i];
		if (other != v && is_bound(other) && card_same(other->device, v->device))
			refuse(other, "same card as %s: %.150s", address, reason);
	}
	refuse(v, "%s", reason);
}

/* A guard checks one device: returns true, with a reason, if it must stay. */
typedef bool (*guard)(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size);

/* An unreadable function may belong to the card: a display is not bound without it. */
static bool cannot_be_read(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	const struct device *d = v->device;
	char address[PCI_ADDR_MAX];

	(void)p;
	if (d->error) {
		(void)snprintf(reason, size, "can't be read: %s", strerror(-d->error));
		return true;
	}
	for (size_t i = 0; d->of_card && i < h->devices.n; i++) {
		const struct device *other = &h->devices.at[i];
		if (other->error == 0 || !pci_addr_same_device(other->addr, d->card))
			continue;
		(void)snprintf(reason, size, "%s of its slot can't be read: %s",
			pci_addr_format(other->addr, address), strerror(-other->error));
		return true;
	}
	return false;
}

/* Unbinding a bridge's driver removes the devices below the bridge. */
static bool is_fixed(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	(void)p;
	(void)h;
	if (!device_is_fixed(v->device))
		return false;
	(void)snprintf(reason, size, "is a bridge (class %06x); bridges stay with the host",
		v->device->class);
	return true;
}

/* Finds the id that the config expects: the card has moved, there are several, or it was
 * removed. */
static void format_location(const struct probe *h, const struct selector *s, char *buf, size_t size)
{
	const struct device *found = NULL;
	unsigned n = 0;
	char address[PCI_ADDR_MAX], id[PCI_ID_MAX];

	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		if (d->error == 0 && pci_id_matches(&s->id, &d->id)) {
			found = d;
			n++;
		}
	}
	pci_id_format(&s->id, id);
	if (n == 0)
		(void)snprintf(buf, size, "%s is not in this machine", id);
	else if (n == 1)
		(void)snprintf(
			buf, size, "%s is at %s now", id, pci_addr_format(found->addr, address));
	else
		(void)snprintf(buf, size, "%s is at %u other places now", id, n);
}

/* With "0a:00.*=id" the id belongs to one function: a card's sound function has another one. */
static bool slot_holds_id(const struct probe *h, const struct selector *s, struct pci_addr addr)
{
	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		if (pci_addr_same_device(d->addr, addr) && d->error == 0 &&
			pci_id_matches(&s->id, &d->id))
			return true;
	}
	return false;
}

static bool holds_another_id(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	char where[80], id[PCI_ID_MAX];

	(void)p;
	if (v->companion || !select_id_changed(v->selector, v->device))
		return false;
	if (v->selector->any_function && slot_holds_id(h, v->selector, v->device->addr))
		return false;
	struct pci_id here = v->device->id;
	if (v->selector->id.subvendor == PCI_ANY && v->selector->id.subdevice == PCI_ANY)
		here.subvendor = here.subdevice = PCI_ANY;
	format_location(h, v->selector, where, sizeof(where));
	(void)snprintf(reason, size, "another device is there now: %s; %s",
		pci_id_format(&here, id), where);
	return true;
}

static bool has_no_group(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	(void)p;
	(void)h;
	if (v->device->group >= 0 || v->device->group_later)
		return false;
	(void)snprintf(reason, size, "has no IOMMU group; is the IOMMU on in firmware and kernel?");
	return true;
}

/* Spelled like the kernel's bool parameters (kstrtobool in lib/kstrtox.c); without a value it is
 * on. */
static bool denylist_is_off(const char *options)
{
	const char *at = strstr(options, "disable_denylist");

	if (!at)
		return false;
	at += strlen("disable_denylist");
	return *at == '\0' || *at == ' ' || (*at == '=' && at[1] && strchr("1yYtT", at[1]));
}

/* With these a guest can crash the host; vfio-pci's probe refuses them. */
bool guard_in_denylist(const struct device *d)
{
	static const uint16_t denied[] = {
		0x19e2, 0x19e3, 0x37c8, 0x37c9, 0x0435, 0x0443, 0x0b25, 0x0cfe};

	for (size_t i = 0; i < sizeof(denied) / sizeof(*denied); i++)
		if (d->id.vendor == 0x8086 && d->id.device == denied[i])
			return true;
	return false;
}

static bool is_in_denylist(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	(void)h;
	if (!guard_in_denylist(v->device) || strcmp(v->driver, "vfio-pci") != 0 ||
		denylist_is_off(p->config->options))
		return false;
	(void)snprintf(reason, size,
		"is in vfio-pci's denylist, for a guest can crash the host with it; [modules] options = disable_denylist=1 lets it be taken");
	return true;
}

/* Names the source unless it is boot_vga, which people know, and a device whose boot_vga
 * differs. */
static bool is_boot_display(const struct plan *p, const struct probe *h, const struct verdict *v,
	char *reason, size_t size)
{
	char address[PCI_ADDR_MAX];

	if (p->config->may_take_boot_vga)
		return false;
	if (v->device->is_boot_display && h->boot.by == WITNESS_SCREEN) {
		(void)snprintf(reason, size,
			"a monitor is connected to it, and the boot display is not known; an address in the config takes it all the same");
		return true;
	}
	if (v->device->is_boot_display) {
		bool by_file = h->boot.by == WITNESS_BOOT_VGA;
		const struct device *other = boot_display_differs(&h->boot, &h->devices);
		(void)snprintf(reason, size,
			"is the firmware's boot display%s%s%s%s%s; [guard] boot_vga = allow lets it be taken",
			by_file ? "" : " (", by_file ? "" : boot_display_witness(&h->boot),
			other ? "; boot_vga is 1 on " : "",
			other ? pci_addr_format(other->addr, address) : "", by_file ? "" : ")");
		return true;
	}
	if (v->selector->kind == SELECT_GPUS && device_is_display(v->device) &&
		h->boot.by == WITNESS_NONE) {
		(void)snprintf(reason, size,
			"no display says that it is the boot display; name the device by address");
		return true;
	}
	return false;
}

static void run_guard(struct plan *p, const struct probe *h, guard must_stay)
{
	char reason[200];

	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND &&
			must_stay(p, h, &p->verdicts[i], reason, sizeof(reason)))
			guard_refuse_card(p, &p->verdicts[i], reason);
}

static bool is_taken(const struct plan *p, const struct device *d)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].device == d)
			return p->verdicts[i].action == ACTION_BIND;
	return false;
}

/* If no display is left to show a login, the boot display stays; if the boot display is unknown,
 * all stay: it is unknown which one has the monitor. A device without outputs does not count. */
static void keep_last_display(struct plan *p, const struct probe *h)
{
	bool boot_taken = false;

	if (!h->displays_known)
		return; /* probe_devices found that one stays */
	for (size_t i = 0; i < h->devices.n; i++) {
		const struct device *d = &h->devices.at[i];
		if (!device_has_outputs(d))
			continue;
		if (!is_taken(p, d))
			return;
		boot_taken |= d->is_boot_display;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && device_has_outputs(v->device) &&
			(!boot_taken || v->device->is_boot_display))
			guard_refuse_card(p, v,
				"the host would have no display left; [guard] last_display = allow lets it be taken");
	}
}

/* A device that is the boot display only by boot_vga may show nothing: it is bound, with a note. */
static void log_difference(struct plan *p, const struct probe *h)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || v->device->boot_vga != 1 ||
			v->device->is_boot_display || h->boot.by == WITNESS_NONE)
			continue;
		size_t len = strlen(v->reason);
		(void)snprintf(v->reason + len, sizeof(v->reason) - len,
			"; boot_vga is 1, but the boot display is %s (%s)",
			pci_addr_format(h->boot.addr, address), boot_display_witness(&h->boot));
	}
}

static void note_late_group(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !v->device->group_later)
			continue;
		size_t len = strlen(v->reason);
		(void)snprintf(v->reason + len, sizeof(v->reason) - len,
			"; this kernel gives it an IOMMU group when it is bound");
	}
}

static void apply_exclude(struct plan *p, const struct probe *h)
{
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		const struct selector *s = v->device ? select_first(p->config, h, v->device, true)
						     : NULL;
		if (s)
			refuse(v, EXCLUDED_BY "%s:%u", p->config->path, s->line);
	}
}

void guard_apply(struct plan *p, const struct probe *h)
{
	static const guard guards[] = {cannot_be_read, is_fixed, holds_another_id, has_no_group,
		is_in_denylist, is_boot_display};

	apply_exclude(p, h);
	for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++) {
		size_t before = 0, after = 0;
		for (size_t j = 0; j < p->n; j++)
			before += p->verdicts[j].action == ACTION_BIND;
		run_guard(p, h, guards[i]);
		for (size_t j = 0; j < p->n; j++)
			after += p->verdicts[j].action == ACTION_BIND;
		if (guards[i] == has_no_group && before > 0 && after == 0)
			p->no_iommu = true;
	}
	if (!p->config->may_take_last_display)
		keep_last_display(p, h);
	log_difference(p, h);
	note_late_group(p);
}

/* ---- groups --------------------------------------------------------------------------------- */

/* The number of devices in one message. */
#define NAMED_MAX 6

struct group_look {
	struct groups *groups;
	const struct plan *plan;
	struct sysfs *sysfs;
	int group;
	enum groups_of who;
};

static bool is_in_plan(const struct plan *p, struct pci_addr addr)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND &&
			pci_addr_compare(p->verdicts[i].device->addr, addr) == 0)
			return true;
	return false;
}

static bool counts(const struct group_look *l, const struct device *d)
{
	return l->who == GROUPS_VFIO ? strstr(d->driver, "vfio") != NULL
				     : usable_blocks_group(l->sysfs, d);
}

/* For the time before any driver is bound: host bridges get no driver that matters, and of ISA
 * bridges only Intel's do (lpc_ich). */
static bool gets_no_driver(const struct device *d)
{
	uint32_t class = d->class >> 8;

	return class == 0x0600 || (class == 0x0601 && d->id.vendor != 0x8086);
}

static int note_member(const char *name, void *to)
{
	const struct group_look *l = to;
	struct groups *g = l->groups;
	struct group_member m = {.group = l->group};
	_cleanup_(device_list_done) struct device_list list = {0};

	if (!pci_addr_parse(name, &m.addr) || is_in_plan(l->plan, m.addr) ||
		scan_one(l->sysfs, m.addr, &list, NULL) <= 0 ||
		(l->who == GROUPS_ANY && device_is_bridge(&list.at[0])))
		return 0;
	if (l->who == GROUPS_ANY && gets_no_driver(&list.at[0]))
		return 0;
	if (l->who != GROUPS_ANY) {
		scan_driver(l->sysfs, &list.at[0]);
		if (!counts(l, &list.at[0]))
			return 0;
		(void)str_copy(m.driver, sizeof(m.driver), list.at[0].driver);
	}
	struct group_member *stay = array_grow(g->stay, g->n, &g->size, sizeof(*stay));
	if (!stay)
		return -ENOMEM;
	g->stay = stay;
	g->stay[g->n++] = m;
	return 0;
}

/* True if it is the first device of its group to be bound. */
static bool begins_group(const struct plan *p, size_t i)
{
	const struct verdict *v = &p->verdicts[i];

	if (v->action != ACTION_BIND || v->device->group < 0)
		return false;
	for (size_t k = 0; k < i; k++)
		if (p->verdicts[k].action == ACTION_BIND &&
			p->verdicts[k].device->group == v->device->group)
			return false;
	return true;
}

static int member_compare(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;

	return x->group != y->group ? (x->group > y->group) - (x->group < y->group)
				    : pci_addr_compare(x->addr, y->addr);
}

static int look_at_group(const struct group_look *l)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "kernel/iommu_groups/%d/devices", l->group);
	return sysfs_path_each(l->sysfs, path, note_member, (void *)(uintptr_t)l);
}

int groups_look(struct groups *ret, const struct plan *p, struct sysfs *s, enum groups_of who)
{
	*ret = (struct groups){0};
	for (size_t i = 0; i < p->n; i++) {
		if (!begins_group(p, i))
			continue;
		struct group_look l = {ret, p, s, p->verdicts[i].device->group, who};
		if (look_at_group(&l) == -ENOMEM) {
			groups_done(ret);
			return -ENOMEM;
		}
	}
	if (ret->n > 1)
		qsort(ret->stay, ret->n, sizeof(*ret->stay), member_compare);
	return 0;
}

void groups_done(struct groups *g)
{
	free(g->stay);
	*g = (struct groups){0};
}

static void format_stays(const struct group_member *stays, char *buf, size_t size)
{
	char address[PCI_ADDR_MAX];

	(void)snprintf(buf, size,
		"strict_groups: of its IOMMU group %d, %s stays with the host; ask for it, too, if the host can do without it",
		stays->group, pci_addr_format(stays->addr, address));
}

static bool refuse_group(struct plan *p, const struct group_member *stays)
{
	char reason[GROUP_REASON_MAX];
	bool refused = false;

	format_stays(stays, reason, sizeof(reason));
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || v->device->group != stays->group)
			continue;
		guard_refuse_card(p, v, reason);
		refused = true;
	}
	return refused;
}

/* ---- groups that are made later: group_later ------------------------------------------------- */

/* The function on the root bus that a function is, or is behind. */
static bool branch_of(struct sysfs *s, struct pci_addr addr, struct pci_addr *ret)
{
	char path[DEVPATH_MAX];
	const char *at = path;

	return devpath_of_function(s, addr, path) > 0 && devpath_next(&at, ret);
}

struct late_look {
	const struct plan *plan;
	struct sysfs *sysfs;
	struct pci_addr branch;
	struct pci_addr found;
};

static int may_be_member(struct pci_addr addr, void *to)
{
	struct late_look *l = to;
	_cleanup_(device_list_done) struct device_list list = {0};
	struct pci_addr branch;

	if (is_in_plan(l->plan, addr) ||
		(branch_of(l->sysfs, addr, &branch) && !pci_addr_same_device(branch, l->branch)))
		return 0;
	int r = scan_one(l->sysfs, addr, &list, NULL);
	if (r <= 0)
		return r;
	scan_group(l->sysfs, &list.at[0]);
	if (list.at[0].group >= 0 || device_is_bridge(&list.at[0]) || gets_no_driver(&list.at[0]))
		return 0;
	l->found = addr;
	return 1;
}

/*
 * The other functions of such a group have no group either before their drivers come. A group does
 * not reach beyond a slot of the root bus and what is behind it (pci_device_group in
 * drivers/iommu/iommu.c): what of that has no group yet and stays with the host may be a member.
 * Returns 1 if a device was refused, 0, or -errno.
 */
static int refuse_late(struct plan *p, struct sysfs *s)
{
	char reason[GROUP_REASON_MAX], address[PCI_ADDR_MAX];
	int refused = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		struct late_look l = {.plan = p, .sysfs = s};
		if (v->action != ACTION_BIND || !v->device->group_later ||
			!branch_of(s, v->device->addr, &l.branch))
			continue;
		int r = sysfs_each_device(s, may_be_member, &l, NULL);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		(void)snprintf(reason, sizeof(reason),
			"strict_groups: %s stays with the host and may be of its IOMMU group, known only later; ask for it, too, if the host can do without it",
			pci_addr_format(l.found, address));
		guard_refuse_card(p, v, reason);
		refused = 1;
	}
	return refused;
}

/* A refused slot may belong to another group, too: each round refuses at least one device. */
int groups_refuse(struct plan *p, struct sysfs *s)
{
	for (bool again = true; again;) {
		_cleanup_(groups_done) struct groups g = {0};
		int r = groups_look(&g, p, s, GROUPS_ANY);
		if (r < 0)
			return r;
		r = refuse_late(p, s);
		if (r < 0)
			return r;
		again = r > 0;
		for (size_t i = 0; i < g.n; i++)
			again |= refuse_group(p, &g.stay[i]);
	}
	return 0;
}

bool groups_conflict(const struct plan *p, struct sysfs *s, const struct device *late,
	char reason[static GROUP_REASON_MAX])
{
	_cleanup_(groups_done) struct groups g = {0};
	struct device d = *late;

	scan_group(s, &d);
	if (d.group < 0) {
		(void)snprintf(reason, GROUP_REASON_MAX,
			"the kernel gave it no IOMMU group; is it behind an IOMMU?");
		return true;
	}
	if (!p->config->strict_groups)
		return false;
	const struct group_look l = {&g, p, s, d.group, GROUPS_ANY};
	if (look_at_group(&l) == -ENOMEM)
		(void)snprintf(
			reason, GROUP_REASON_MAX, "out of memory for IOMMU group %d", d.group);
	else if (g.n > 0)
		format_stays(&g.stay[0], reason, GROUP_REASON_MAX);
	else
		return false;
	return true;
}

void groups_log(const struct groups *g)
{
	char names[400] = "", address[PCI_ADDR_MAX];
	size_t len = 0;

	if (g->n == 0)
		return;
	for (size_t i = 0; i < g->n && i < NAMED_MAX; i++) {
		const struct group_member *m = &g->stay[i];
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s%s%s (group %d)",
			i ? ", " : "", pci_addr_format(m->addr, address),
			m->driver[0] ? " on " : "", m->driver, m->group);
	}
	log_print(LOG_WARNING,
		"IOMMU groups are taken in part: %s%s stay with the host; while a host driver has one of them, no VM gets the others of its group",
		names, g->n > NAMED_MAX ? " and more" : "");
}

void groups_print_json(const struct groups *g, struct json *j)
{
	char address[PCI_ADDR_MAX];

	if (!g) {
		json_null(j, "group_stays");
		return;
	}
	json_open_array(j, "group_stays");
	for (size_t i = 0; i < g->n; i++) {
		const struct group_member *m = &g->stay[i];
		json_open_object(j, NULL);
		json_string(j, "address", pci_addr_format(m->addr, address));
		json_int(j, "group", m->group);
		json_string(j, "driver", m->driver[0] ? m->driver : NULL);
		json_close_object(j);
	}
	json_close_array(j);
}
