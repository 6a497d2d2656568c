/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_GROUPS_H
#define CORE_GROUPS_H

#include "base/json_write.h"
#include "core/plan.h"
#include "pci/sysfs.h"

/*
 * IOMMU groups that a plan takes in part. A VM gets a function only while no member of its group is
 * with a host driver: see usable_blocks_group.
 */
struct group_member {
	int group;
	struct pci_addr addr;
	char driver[32]; /* "" for none, or where nobody looked */
};

struct groups {
	struct group_member *stay; /* the members that stay as they are, group by group */
	size_t n, size;
};

/*
 * Which of the others count: those that have such a driver now, so that a member without one is
 * left out; or every function that is no bridge by its header and may get a driver, because in the
 * initramfs none has its driver yet.
 */
enum groups_of { GROUPS_ANY, GROUPS_HOST, GROUPS_VFIO };

/* Lists what stays. A group that can't be read is passed over. 0 or -ENOMEM. */
int groups_look(
	struct groups *ret, const struct plan *p, struct sysfs *s, enum groups_of who) _must_check_;
void groups_done(struct groups *g);

/*
 * strict_groups = yes: refuses what is of such a group, slots whole, until none is left that is
 * taken in part. Looks without drivers, so that `plan` on the running system and `boot` in the
 * initramfs come to the same. 0 or -ENOMEM.
 */
int groups_refuse(struct plan *p, struct sysfs *s) _must_check_;

/* Tells the log, in one message. */
void groups_tell(const struct groups *g);

/* As the key "group_stays" of an object that is open; NULL: null, nobody looked. */
void groups_print_json(const struct groups *g, struct json *j);

#endif
