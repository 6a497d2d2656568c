/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_INVENTORY_H
#define HOST_INVENTORY_H

#include "base/err.h"
#include "host/attached.h"
#include "host/host_snapshot.h"
#include "host/pciids.h"
#include "pci/boot_display.h"
#include "pci/device.h"
#include "pci/resource.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stdint.h>

#define BARS RESOURCE_BARS
#define NAME_MAX_BYTES 96

/* A base address register with a configurable size (resourceN_resize of
 * drivers/pci/pci-sysfs.c). */
struct bar {
	bool resizable;
	uint64_t size;  /* bytes, 0 if it has none now */
	uint64_t sizes; /* bit n: it can be 2^n MiB */
};

/* The data shown about one PCI function. Texts are "" if unknown. */
struct function {
	struct device d;
	char module[32]; /* of its driver, if known: xhci_pci of xhci_hcd */
	char class_name[48], vendor_name[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
	char subsystem_name[NAME_MAX_BYTES];
	char root[24];                /* its host bridge, "pci0000:00" */
	bool has_upstream;            /* there is a bridge above it */
	struct pci_addr upstream;     /* that bridge */
	bool has_below;               /* it is above another function */
	unsigned first_bus, last_bus; /* of a bridge; 0: none */
	char reset[64];               /* "flr bus"; "" if it cannot be reset alone */
	int numa;                     /* node, or -1 */
	struct speed {
		char rate[16]; /* "8.0 GT/s" */
		unsigned width;
	} now, max;
	unsigned vfs, vfs_max; /* virtual functions, current and maximum */
	bool is_vf;
	struct pci_addr physical; /* of a virtual function */
	bool has_rom;
	struct bar bars[BARS];
	char *candidates; /* drivers that the kernel has for it, separated by blanks; NULL: none
			   * known */
};

/*
 * The whole machine, functions in address order. No file is read that may wait for a driver:
 * driver_override takes the device lock, and is left out.
 */
struct inventory {
	struct function *at;
	size_t n;
	struct function **by_group; /* the same, in the order of groups, then addresses */
	struct attached *attached;  /* in address order of their functions */
	size_t n_attached;
};

/*
 * Gathers it. names may be empty; notes has the mounts, the addresses of interfaces and the
 * candidate drivers. The caller empties it with inventory_done in each case. Returns 0 or -errno.
 */
int inventory_gather(struct inventory *ret, struct sysfs *s, struct pciids *names,
	const struct host_snapshot *notes, struct err *err) _must_check_;
/* Sets is_boot_display where it is true. Returns 0 or -ENOMEM. */
int inventory_find_boot_display(
	struct inventory *v, struct sysfs *s, const struct boot_display_from *from) _must_check_;
void inventory_done(struct inventory *v);

struct function *inventory_find(const struct inventory *v, struct pci_addr addr);

/* The functions of an IOMMU group, in address order: the first of *ret_n in a row. */
struct function *const *inventory_group(const struct inventory *v, int group, size_t *ret_n);

/* The devices attached to a function: the first of *ret_n in a row, NULL for none. */
const struct attached *inventory_attached(
	const struct inventory *v, struct pci_addr addr, size_t *ret_n);

#endif
