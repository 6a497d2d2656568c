/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/guard.h"

#include <stdio.h>
#include <string.h>

#define BASE_OF(class) ((class) >> 16)
#define CLASS_OF(class) ((class) >> 8)

#define STORAGE 0x01
#define NETWORK 0x02
#define MULTIMEDIA 0x04
#define INPUT 0x09
#define WIRELESS 0x0d
#define ACCELERATOR 0x12
#define UNASSIGNED 0xff /* some readers of SD cards */
#define SD_HOST 0x0805
#define FIREWIRE 0x0c00
#define USB 0x0c03
#define FIBRE_CHANNEL 0x0c04
#define INFINIBAND 0x0c06

#define WHY_MAX 224

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

/* Of disks and NICs the base class counts, which has many subclasses; of others more of it: a USB
 * controller (0c03) is no SMBus (0c05). */
static bool same_class(uint32_t a, uint32_t b)
{
	uint32_t base = BASE_OF(a);

	if (base == STORAGE || base == NETWORK)
		return base == BASE_OF(b);
	return CLASS_OF(a) == CLASS_OF(b);
}

/* What in the config lets it be taken, behind the reason. */
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
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why), "the host needs it: %s%s", one->why, way_out(one->kind));
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) && is_at(one, p->verdicts[i].device))
			guard_refuse_slot(p, &p->verdicts[i], why);
}

static void refuse_class_of(struct plan *p, const struct protected_dev *one)
{
	char why[WHY_MAX], address[PCI_ADDR_MAX], id[PCI_ID_MAX];

	(void)snprintf(why, sizeof(why),
		"the host's %s was at %s when the image was made and has moved (%.70s); it may be this one: rebuild the image",
		pci_id_format(&one->id, id), pci_addr_format(one->addr, address), one->why);
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) &&
			same_class(one->class, p->verdicts[i].device->class))
			guard_refuse_slot(p, &p->verdicts[i], why);
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

static void keep_all_of(struct plan *p, const struct protected_list *k)
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

/* ---- what is not known ------------------------------------------------------------------------
 */

/* A serial number, an address or a way means one device, whoever wrote it knew which. */
static bool is_named(const struct verdict *v)
{
	return v->asked->kind != SELECT_ID;
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
static bool is_needed(uint32_t class)
{
	return BASE_OF(class) == STORAGE || CLASS_OF(class) == SD_HOST ||
	       CLASS_OF(class) == FIBRE_CHANNEL || CLASS_OF(class) == FIREWIRE ||
	       BASE_OF(class) == UNASSIGNED || is_network(class) || is_usb(class);
}

/* The USB port of a card that goes with its display goes where that goes. */
static bool is_of_display(const struct plan *p, const struct verdict *v)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *other = &p->verdicts[i];
		if (is_bound(other) && device_is_display(other->device) &&
			pci_addr_same_device(other->device->addr, v->device->addr) &&
			other->device->id.vendor == v->device->id.vendor)
			return true;
	}
	return false;
}

/* Leaves what an id alone asks for; what is named is bound with a warning. */
static void keep_unseen(struct plan *p, bool (*concerns)(uint32_t class), const char *what,
	const char *unknown, const char *key)
{
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why), "%s: %.90s; name it by address%s to have it all the same",
		what, unknown, key);
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (!is_bound(v) || !concerns(v->device->class) || is_of_display(p, v))
			continue;
		if (!is_named(v))
			guard_refuse_slot(p, v, why);
		else if (!p->unverified[0])
			(void)snprintf(p->unverified, sizeof(p->unverified), "%.50s: %.90s", what,
				unknown);
	}
}

static void keep_doubtful(struct plan *p, const struct protected_list *k)
{
	const char *route = protected_unknown_kind(k, UNKNOWN_ROUTE);
	const char *keyboard = protected_unknown_kind(k, UNKNOWN_KEYBOARD);

	if (!protected_is_complete(k))
		keep_unseen(p, is_needed, "the host may need it",
			k->unknown[0] ? k->unknown : "the record was cut off", "");
	if (route && !p->config->may_take_network)
		keep_unseen(p, is_network, "the host's default route may go over it", route,
			" or set [guard] network = allow");
	if (keyboard && !p->config->may_take_keyboard)
		keep_unseen(p, is_usb, "a passphrase may be typed at it", keyboard,
			" or set [guard] keyboard = allow");
}

/* What comes over the network, and nothing says by which NIC: all of them stay. */
static void keep_network(struct plan *p, const char *what)
{
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why),
		"the host may boot over it: %.90s; named by address and with [guard] network = allow it is bound",
		what);
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (!is_bound(v) || !is_network(v->device->class))
			continue;
		if (!p->config->may_take_network || !is_named(v))
			guard_refuse_slot(p, v, why);
		else
			(void)snprintf(p->unverified, sizeof(p->unverified),
				"the host may boot over it: %.90s", what);
	}
}

/* The route that a host takes every day says nothing of the peer that it boots from: only what was
 * found for that (PROTECTED_NETWORK) answers the word. */
void guard_protected(struct plan *p, const struct protected_list *k, const char *network)
{
	char word[96];

	if (k)
		keep_all_of(p, k);
	const char *doubt = k ? protected_unknown_kind(k, UNKNOWN_NETWORK) : NULL;
	(void)snprintf(word, sizeof(word), "'%.60s' on the kernel command line", network);
	if (doubt)
		keep_network(p, doubt);
	else if (network[0] && !(k && protected_has(k, PROTECTED_NETWORK)))
		keep_network(p, word);
	if (k)
		keep_doubtful(p, k);
}
