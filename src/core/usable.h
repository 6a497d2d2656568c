/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_USABLE_H
#define CORE_USABLE_H

#include "pci/scan.h"
#include "pci/sysfs.h"

#include <stddef.h>

/*
 * What keeps a VM from a function though vfio-pci has it. The driver link does not show any of it:
 *
 * - its IOMMU group is not viable: a member is with a driver that may use DMA on its own. To Linux
 *   5.18 only members of header type 0 count (vfio_dev_viable in drivers/vfio/vfio.c), since 5.19
 *   every one (iommu_group_claim_dma_owner in drivers/iommu/iommu.c). vfio's drivers, pci-stub and
 *   pcieport leave DMA alone (driver_managed_dma).
 * - the group has a reserved region of type `direct`, which the firmware wants mapped one to one
 *   for good (RMRR): attaching it to a VM's domain fails (vfio_iommu_resv_exclude in
 *   drivers/vfio/vfio_iommu_type1.c). `direct-relaxable` is not among them.
 * - a BAR is held: another region lies in it, so that vfio-pci can't request it
 *   (vfio_pci_core_mmap in drivers/vfio/pci/vfio_pci_core.c). The firmware's framebuffer, mostly.
 */
enum usable {
	USABLE,
	USABLE_NOT,        /* and why */
	USABLE_UNVERIFIED, /* what can't be read, and may be against it */
};

#define USABLE_REASON_MAX 200

/* root: what stands for / beside the tree of sysfs, NULL for the running system. */
enum usable usable_look(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX]);

/* The same for its BARs alone. */
enum usable usable_look_at_bars(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX]);

/* Is a group with this member, which has a driver, not viable? Reads its header where that
 * matters. */
bool usable_blocks_group(struct sysfs *s, const struct device *member);

/* Has the group a reserved region of type `direct`? Where it can't be read: no. */
bool usable_has_direct_region(struct sysfs *s, int group);

#endif
