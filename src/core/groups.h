/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_GROUPS_H
#define CORE_GROUPS_H

#include "base/json_write.h"
#include "core/plan.h"
#include "pci/sysfs.h"

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
 * have the same result. Returns 0 or -ENOMEM.
 */
int groups_refuse(struct plan *p, struct sysfs *s) _must_check_;

/* Logs them in one message. */
void groups_log(const struct groups *g);

/* Prints the key "group_stays" of an open object; NULL: null, not read. */
void groups_print_json(const struct groups *g, struct json *j);

#endif
