/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/groups.h"

#include "base/log.h"
#include "base/str.h"
#include "core/guard.h"
#include "core/usable.h"
#include "pci/sysfs_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of devices in one message. */
#define STRV_MAX 6

struct look {
	struct groups *groups;
	const struct plan *plan;
	struct sysfs *sysfs;
	int group;
	enum groups_of who;
};

static bool is_taken(const struct plan *p, struct pci_addr addr)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND &&
			pci_addr_compare(p->verdicts[i].device->addr, addr) == 0)
			return true;
	return false;
}

static bool counts(const struct look *l, const struct device *d)
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
	const struct look *l = to;
	struct groups *g = l->groups;
	struct group_member m = {.group = l->group};
	_cleanup_(device_list_done) struct device_list list = {0};

	if (!pci_addr_parse(name, &m.addr) || is_taken(l->plan, m.addr) ||
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
	if (g->n == g->size) {
		size_t size = g->size ? g->size * 2 : 8;
		struct group_member *stay = realloc(g->stay, size * sizeof(*stay));
		if (!stay)
			return -ENOMEM;
		g->stay = stay;
		g->size = size;
	}
	g->stay[g->n++] = m;
	return 0;
}

/* True if it is the first device of its group to be bound. */
static bool begins_group(const struct plan *p, size_t i)
{
	const struct verdict *v = &p->verdicts[i];

	if (v->action != ACTION_BIND)
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

int groups_look(struct groups *ret, const struct plan *p, struct sysfs *s, enum groups_of who)
{
	char path[64];

	*ret = (struct groups){0};
	for (size_t i = 0; i < p->n; i++) {
		if (!begins_group(p, i))
			continue;
		struct look l = {ret, p, s, p->verdicts[i].device->group, who};
		(void)snprintf(path, sizeof(path), "kernel/iommu_groups/%d/devices", l.group);
		if (sysfs_path_each(s, path, note_member, &l) == -ENOMEM) {
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

static bool refuse_group(struct plan *p, const struct group_member *stays)
{
	char reason[160], address[PCI_ADDR_MAX];
	bool refused = false;

	(void)snprintf(reason, sizeof(reason),
		"strict_groups: of its IOMMU group %d, %s stays with the host; ask for that one, too",
		stays->group, pci_addr_format(stays->addr, address));
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || v->device->group != stays->group)
			continue;
		guard_refuse_slot(p, v, reason);
		refused = true;
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
		again = false;
		for (size_t i = 0; i < g.n; i++)
			again |= refuse_group(p, &g.stay[i]);
	}
	return 0;
}

void groups_log(const struct groups *g)
{
	char names[400] = "", address[PCI_ADDR_MAX];
	size_t len = 0;

	if (g->n == 0)
		return;
	for (size_t i = 0; i < g->n && i < STRV_MAX; i++) {
		const struct group_member *m = &g->stay[i];
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s%s%s (group %d)",
			i ? ", " : "", pci_addr_format(m->addr, address),
			m->driver[0] ? " on " : "", m->driver, m->group);
	}
	log_print(LOG_WARNING,
		"IOMMU groups are taken in part: %s%s stay with the host; while a host driver has one of them, no VM gets the others of its group",
		names, g->n > STRV_MAX ? " and more" : "");
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
