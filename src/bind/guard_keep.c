/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/guard.h"

#include <stdio.h>
#include <string.h>

#define BASE_OF(class) ((class) >> 16)
#define CLASS_OF(class) ((class) >> 8)

#define STORAGE 0x01
#define NETWORK 0x02
#define MULTIMEDIA 0x04
#define ACCELERATOR 0x12

#define WHY_MAX 224

static bool is_bound(const struct verdict *v)
{
	return v->action == ACTION_BIND;
}

bool guard_wants_keep(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		uint32_t base = is_bound(v) ? BASE_OF(v->device->class) : PCI_BASE_DISPLAY;
		if (base != PCI_BASE_DISPLAY && base != MULTIMEDIA && base != ACCELERATOR)
			return true;
	}
	return false;
}

static bool is_at(const struct kept *one, const struct device *d)
{
	return (one->at_slot && slot_compare(one->slot, d->slot) == 0) ||
	       (one->at_way && slot_compare(one->way_slot, d->slot) == 0);
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

static void refuse_needed(struct plan *p, const struct kept *one)
{
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why), "the host needs it: %s", one->why);
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) && is_at(one, p->verdicts[i].device))
			guard_refuse_slot(p, &p->verdicts[i], why);
}

static void refuse_class_of(struct plan *p, const struct kept *one)
{
	char why[WHY_MAX], address[SLOT_MAX], id[PCI_ID_MAX];

	(void)snprintf(why, sizeof(why),
		"the host's %s was at %s when the image was made and has moved (%.70s); it may be "
		"this one: rebuild the image",
		pci_id_format(&one->id, id), slot_format(one->slot, address), one->why);
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) &&
			same_class(one->class, p->verdicts[i].device->class))
			guard_refuse_slot(p, &p->verdicts[i], why);
}

static bool is_here(const struct kept *one)
{
	return one->at_slot || one->at_way;
}

static void keep_all_of(struct plan *p, const struct keep *k)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct kept *one = &k->at[i];
		if (one->kind == KEEP_KEYBOARD)
			continue;
		if (is_here(one))
			refuse_needed(p, one);
		else
			refuse_class_of(p, one);
	}
}

static bool may_be_taken(const struct plan *p, const struct kept *one)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (is_bound(v) && (is_here(one) ? is_at(one, v->device)
						 : same_class(one->class, v->device->class)))
			return true;
	}
	return false;
}

/* Not the keyboard itself is guarded but that there is one: it may be any of them. */
static void keep_a_keyboard(struct plan *p, const struct keep *k)
{
	const struct kept *first = NULL;

	if (k->keyboard_elsewhere)
		return;
	for (size_t i = 0; i < k->n; i++) {
		const struct kept *one = &k->at[i];
		if (one->kind != KEEP_KEYBOARD)
			continue;
		if (!may_be_taken(p, one))
			return;
		if (!first || (!is_here(first) && is_here(one)))
			first = one;
	}
	if (first && is_here(first))
		refuse_needed(p, first);
	else if (first)
		refuse_class_of(p, first);
}

/* A serial number, an address or a way means one device, whoever wrote it knew which. */
static bool is_named(const struct verdict *v)
{
	return v->asked->kind != SELECT_ID;
}

static void keep_unseen(struct plan *p, const char *unknown)
{
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why),
		"the host's disks may be on it, which nobody can tell (%.90s); name it by address "
		"to have it all the same",
		unknown);
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (!is_bound(v) || BASE_OF(v->device->class) != STORAGE)
			continue;
		if (!is_named(v))
			guard_refuse_slot(p, v, why);
		else
			(void)str_copy(p->bound_unseen, sizeof(p->bound_unseen), unknown);
	}
}

static void keep_network(struct plan *p, const char *word)
{
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why),
		"the host may boot over it: '%.60s' on the kernel command line", word);
	for (size_t i = 0; i < p->n; i++)
		if (is_bound(&p->verdicts[i]) && BASE_OF(p->verdicts[i].device->class) == NETWORK)
			guard_refuse_slot(p, &p->verdicts[i], why);
}

void guard_keep(struct plan *p, const struct keep *k, const char *network)
{
	if (k) {
		keep_all_of(p, k);
		if (!keep_is_whole(k))
			keep_unseen(p, k->unknown[0] ? k->unknown : "the record was cut off");
		keep_a_keyboard(p, k);
	}
	if (network[0] && !(k && keep_has(k, KEEP_NETWORK)))
		keep_network(p, network);
}
