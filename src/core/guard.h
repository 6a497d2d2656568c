/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "base/json_write.h"
#include "core/plan.h"
#include "core/protected.h"
#include "pci/sysfs.h"

/* The start of the reason for a function listed in [exclude]: this refusal is intended. */
#define EXCLUDED_BY "excluded by "

/*
 * Refuses devices that must stay with the host, each with its reason. A guard refuses what belongs
 * together (card_same): a card with only some of its functions bound serves neither host nor
 * guest. Other functions of a slot are checked separately.
 *
 * In this order: [exclude] (that function only, as the config has it); unreadable devices; bridges;
 * an address with another id than configured; no IOMMU group, now or later; vfio-pci's denylist; a
 * boot display; the last display. Then follow the protected devices (guard_protected) and groups
 * (below).
 */
void guard_apply(struct plan *p, const struct probe *host);

/* Is it a controller of disks, of what disks may be plugged into, of networks or of keyboards? */
bool guard_is_needed(uint32_t class);

/* True if vfio-pci's denylist has the device, whatever [modules] options say: QAT, DSA and IAX of
 * Intel (vfio_pci_dev_in_denylist in drivers/vfio/pci/vfio_pci.c). */
bool guard_in_denylist(const struct device *d);

/* What other guards share: drops what of the verdict's card was to be bound, for this reason. */
void guard_refuse_card(struct plan *p, struct verdict *v, const char *reason);

/* ---- protected --------------------------------------------------------------------------------
 */

/*
 * True if the plan would bind a device that the host may need. Then the caller uses
 * guard_protected, which needs the record of the image and perhaps data of the running system. A
 * host does not boot from displays, multimedia or accelerators (classes 03, 04, 12): a plan of such
 * cards saves that cost.
 */
bool guard_needs_protected(const struct plan *p);

/*
 * Refuses, after guard_apply, the protected devices: by address or path, with the id.
 *
 * - A device in the list that is neither at its address nor at its path has moved, and any of its
 *   class may be the one: no device of that class is bound.
 * - If the list is incomplete, a controller of disks, networks or keyboards is bound only if the
 *   config names it by address, path or serial number: the one that root is on may have the same
 *   id. p->unverified then has the warning to log. The same applies to NICs if that of the default
 *   route is unknown, and to USB if a keyboard is unknown.
 * - With `network`, the word on the kernel command line for a root on the network, and no NIC in
 *   the list for it (that of the default route does not count), or with an unknown NIC for
 *   something on the network: no network controller is bound, unless [guard] network is allow and
 *   the config names it by address, path or serial number.
 * - The NIC of the default route and the controllers of all keyboards stay, unless [guard] network
 *   or keyboard is allow.
 *
 * k NULL: nothing is known about that machine, and nothing follows from that (a replay of a tree).
 */
void guard_protected(struct plan *p, const struct protected_list *k, const char *network);

/*
 * IOMMU groups that a plan binds only in part. A VM gets a function only while no member of its
 * group has a host driver: see usable_blocks_group.
 */
struct group_member {
	int group;
	struct pci_addr addr;
	char driver[32]; /* "" for none or not read */
};

struct groups {
	struct group_member *stay; /* the members that are not bound, sorted by group */
	size_t n, size;
};

/*
 * The members that count: those with such a driver now, so that a member without one is left out;
 * or every function without a bridge header that may get a driver, because in the initramfs none
 * has its driver yet.
 */
enum groups_of { GROUPS_ANY, GROUPS_HOST, GROUPS_VFIO };

/* Lists the members that stay. Skips a group that cannot be read. Returns 0 or -ENOMEM. */
int groups_look(
	struct groups *ret, const struct plan *p, struct sysfs *s, enum groups_of who) _must_check_;
void groups_done(struct groups *g);

/*
 * strict_groups = yes: refuses all devices of such a group, whole slots, until no group is bound in
 * part. Ignores current drivers, so that `plan` on the running system and `boot` in the initramfs
 * have the same result. Of a group that is made later (group_later) it refuses a device if a
 * function that may be a member stays with the host. Returns 0 or a negative errno.
 */
int groups_refuse(struct plan *p, struct sysfs *s) _must_check_;

/*
 * Checks a bound device whose group came with its driver (group_later), which none of the above has
 * seen: true, with a reason, if it has none even now, or with strict_groups if a member of its
 * group stays with the host.
 */
#define GROUP_REASON_MAX 160
bool groups_conflict(const struct plan *p, struct sysfs *s, const struct device *late,
	char reason[static GROUP_REASON_MAX]);

/* Logs them in one message. */
void groups_log(const struct groups *g);

/* Prints the key "group_stays" of an open object; NULL: null, not read. */
void groups_print_json(const struct groups *g, struct json *j);

#endif
