/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/usable.h"

#include "base/str.h"
#include "pci/iomem.h"
#include "pci/resource.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* PCI Express Base Specification 6.0, section 7.5.1.1.9. */
#define HEADER_TYPE 0x0e
#define HEADER_TYPE_MASK 0x7f

static bool leaves_dma_alone(const char *driver)
{
	return driver[0] == '\0' || strstr(driver, "vfio") || str_equal(driver, "pci-stub") ||
	       str_equal(driver, "pcieport");
}

/* True on Linux 5.19 and later, so false for "5.10.0-34-amd64". */
static bool bridges_count(void)
{
	struct utsname u;
	unsigned number[2] = {0, 0};
	const char *at = u.release;

	if (uname(&u) < 0)
		return true;
	for (int i = 0; i < 2; i++, at += *at == '.')
		while (*at >= '0' && *at <= '9' && number[i] < 1000)
			number[i] = number[i] * 10 + (unsigned)(*at++ - '0');
	return number[0] > 5 || (number[0] == 5 && number[1] >= 19);
}

bool usable_blocks_group(struct sysfs *s, const struct device *member)
{
	uint8_t type;

	if (leaves_dma_alone(member->driver))
		return false;
	if (bridges_count() || sysfs_read_at(s, member->addr, "config", HEADER_TYPE, &type,
				       sizeof(type)) != (ssize_t)sizeof(type))
		return true;
	return (type & HEADER_TYPE_MASK) == 0;
}

struct member {
	struct sysfs *s;
	char *reason;
	int group;
};

/* Stops at the first that makes the group not viable. */
static int read_member(const char *name, void *to)
{
	const struct member *m = to;
	struct device d = {.group = m->group};
	char address[PCI_ADDR_MAX];

	if (!pci_addr_parse(name, &d.addr))
		return 0;
	scan_driver(m->s, &d);
	if (!usable_blocks_group(m->s, &d))
		return 0;
	(void)snprintf(m->reason, USABLE_REASON_MAX, "IOMMU group %d is not viable: %s is on %s",
		m->group, pci_addr_format(d.addr, address), d.driver);
	return 1;
}

bool usable_has_direct_region(struct sysfs *s, int group)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "kernel/iommu_groups/%d/reserved_regions", group);
	_cleanup_(str_free) char *regions = sysfs_path_text(s, path);
	for (const char *line = regions; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t len = strcspn(line, "\n");
		size_t tail = strlen(" direct");
		if (len > tail && strncmp(line + len - tail, " direct", tail) == 0)
			return true;
	}
	return false;
}

static enum usable read_group(
	struct sysfs *s, struct pci_addr addr, char reason[static USABLE_REASON_MAX])
{
	struct device d = {.addr = addr, .group = -1};
	char path[64];

	scan_group(s, &d);
	if (d.group < 0) {
		(void)snprintf(reason, USABLE_REASON_MAX, "it has no IOMMU group");
		return USABLE_NOT;
	}
	struct member m = {s, reason, d.group};
	(void)snprintf(path, sizeof(path), "kernel/iommu_groups/%d/devices", d.group);
	int r = sysfs_path_each(s, path, read_member, &m);
	if (r < 0) {
		(void)snprintf(reason, USABLE_REASON_MAX, "%s: %s", path, strerror(-r));
		return USABLE_UNVERIFIED;
	}
	if (r > 0)
		return USABLE_NOT;
	if (!usable_has_direct_region(s, d.group))
		return USABLE;
	(void)snprintf(reason, USABLE_REASON_MAX,
		"the firmware reserves memory for IOMMU group %d (RMRR, a region of type `direct`)",
		d.group);
	return USABLE_NOT;
}

struct holder {
	struct pci_addr addr;
	uint64_t bar;
	char name[IOMEM_NAME_MAX];
};

/*
 * vfio-pci's own region exists while a VM has the function open. Firmware regions named Reserved
 * and PNP devices do not conflict: neither is busy (e820__reserve_resources_late in
 * arch/x86/kernel/e820.c, reserve_range in drivers/pnp/system.c).
 */
static bool holds(const struct iomem_region *r, void *to)
{
	struct holder *h = to;

	if (pci_addr_compare(r->owner, h->addr) != 0 || strstr(r->name, "vfio") ||
		str_equal(r->name, "Reserved") || str_starts(r->name, "pnp "))
		return false;
	h->bar = r->bar;
	(void)str_copy(h->name, sizeof(h->name), r->name);
	return true;
}

/* The BAR that begins there. -1 if unknown. */
static int number_of_bar(struct sysfs *s, struct pci_addr addr, uint64_t start)
{
	struct resource have[RESOURCES];

	if (start == 0)
		return -1;
	resource_read(s, addr, have);
	for (int bar = 0; bar < RESOURCE_BARS; bar++)
		if (have[bar].start == start)
			return bar;
	return -1;
}

enum usable usable_look_at_bars(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX])
{
	struct holder h = {.addr = addr};
	int r = iomem_find(root, holds, &h);

	if (r < 0) {
		(void)snprintf(reason, USABLE_REASON_MAX, "/proc/iomem: %s", strerror(-r));
		return USABLE_UNVERIFIED;
	}
	if (r == 0)
		return USABLE;
	int bar = number_of_bar(s, addr, h.bar);
	if (bar < 0)
		(void)snprintf(reason, USABLE_REASON_MAX, "a BAR is held by %s", h.name);
	else
		(void)snprintf(reason, USABLE_REASON_MAX, "BAR %d is held by %s", bar, h.name);
	return USABLE_NOT;
}

enum usable usable_look(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX])
{
	enum usable u = read_group(s, addr, reason);

	return u == USABLE ? usable_look_at_bars(s, root, addr, reason) : u;
}
