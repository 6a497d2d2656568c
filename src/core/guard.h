/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/plan.h"
#include "core/protected.h"

/* How the reason of a function begins that [exclude] names: that one is as it was asked. */
#define EXCLUDED_BY "excluded by "

/*
 * Turns what must stay with the host into refusals, each with its reason. A guard drops what
 * belongs together (device_same_card): a card whose functions go different ways serves neither host
 * nor guest. Other functions of a slot are judged singly.
 *
 * In this order: [exclude] (that function only, as the config says); what can't be read; bridges;
 * an address that holds another id by now; no IOMMU group; vfio-pci's denylist; a boot display; the
 * last display. Behind it come what the host stands on (guard_protected) and groups (core/groups).
 */
void guard_apply(struct plan *p, const struct probe *host);

/* Is it a controller of disks, of what disks may be plugged into, of networks or of keyboards? */
bool guard_is_needed(uint32_t class);

/* What other guards share: drops what of the verdict's card was to be bound, for this reason. */
void guard_refuse_slot(struct plan *p, struct verdict *v, const char *reason);

/* ---- bind/guard_protected: what the host stands on
 * ------------------------------------------------ */

/*
 * Would the plan bind something that the host may stand on? Then guard_protected is to be asked,
 * for which the record of the image and perhaps the running system have to be read. Display,
 * multimedia and accelerators (classes 03, 04, 12) are not what it boots from: a plan of cards
 * alone pays nothing.
 */
bool guard_needs_protected(const struct plan *p);

/*
 * Refuses, after guard_apply, what the host stands on: by its address or by its way, with its id.
 *
 * - What is in the list but neither here nor there has moved, so that nobody knows which of its
 *   class it is: nothing of that class is bound.
 * - Where the list is not whole, a controller of disks, networks or keyboards is bound only if the
 *   config names it by address, way or serial number: an id is carried by the one that root is on,
 *   too. p->unverified then asks for a warning. The same of NICs where the one of the default
 * route is not known, and of USB where a keyboard is not.
 * - With `network`, the kernel command line's word for a root on the network, and no NIC in the
 * list that something comes over (that of the default route does not count), or with something that
 *   comes over a NIC that is not known: no network controller is bound.
 * - The NIC of the default route and the controllers of all keyboards stay, unless [guard] network
 * or keyboard says allow.
 *
 * k NULL: nothing is known of that machine, and nothing concluded from that (a replay of a tree).
 */
void guard_protected(struct plan *p, const struct protected_list *k, const char *network);

#endif
