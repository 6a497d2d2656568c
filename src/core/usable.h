/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_USABLE_H
#define CORE_USABLE_H

#include "pci/device.h"
#include "pci/sysfs.h"

#include <stddef.h>

/*
 * What prevents the use of a function in a VM although vfio-pci is bound. The driver link shows
 * none of it:
 *
 * - its IOMMU group is not viable: a member has a driver that may use DMA on its own. Up to Linux
 *   5.18 only members of header type 0 count (vfio_dev_viable in drivers/vfio/vfio.c), since 5.19
 *   all (iommu_group_claim_dma_owner in drivers/iommu/iommu.c). vfio's drivers, pci-stub and
 *   pcieport do not use DMA (driver_managed_dma).
 * - the group has a reserved region of type `direct`, which the firmware needs permanently mapped
 *   one to one (RMRR): attaching it to a VM's domain fails (vfio_iommu_resv_exclude in
 *   drivers/vfio/vfio_iommu_type1.c). `direct-relaxable` does not count.
 * - a BAR is busy: it contains another region, so that vfio-pci cannot request it
 *   (vfio_pci_core_mmap in drivers/vfio/pci/vfio_pci_core.c). Mostly the firmware's framebuffer.
 */
enum usable {
	USABLE,
	USABLE_NOT,        /* with a reason */
	USABLE_UNVERIFIED, /* unreadable data may speak against it */
};

#define USABLE_REASON_MAX 200

/* root: the directory used as / besides sysfs, NULL for the running system. */
enum usable usable_look(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX]);

/* The same for its BARs only. */
enum usable usable_look_at_bars(struct sysfs *s, const char *root, struct pci_addr addr,
	char reason[static USABLE_REASON_MAX]);

/* True if this member, which has a driver, makes its group not viable. Reads its header if that
 * matters. */
bool usable_blocks_group(struct sysfs *s, const struct device *member);

/* True if the group has a reserved region of type `direct`. False if it cannot be read. */
bool usable_has_direct_region(struct sysfs *s, int group);

#endif
