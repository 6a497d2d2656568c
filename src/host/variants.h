/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_VARIANTS_H
#define HOST_VARIANTS_H

#include "base/err.h"
#include "core/ctx.h"
#include "core/variant.h"

/* What a kernel's modules.alias and modules.dep say of drivers for VMs. */
struct variant_index {
	char *aliases, *needs; /* the files' texts; the first has its lines ended by NUL */
	size_t aliases_len;
	char **of_vfio; /* the lines "alias vfio_pci:PATTERN MODULE" but vfio-pci's own */
	size_t n_of_vfio, size_of_vfio;
};

/* directory is the kernel's, /lib/modules/VERSION. A kernel without these files has no such driver.
 * 0 or -ENOMEM. To be emptied in each case. */
int variant_index_open(struct variant_index *ret, const char *directory) _must_check_;
void variant_index_done(struct variant_index *index);

/*
 * The driver for a device: of the aliases of the bus "vfio_pci" that match its modalias
 * (fnmatch(3)) the one with the fewest wildcards, the first of several. libvirt chooses so
 * (virPCIDeviceFindBest- VFIOVariant in src/util/virpci.c), and the kernel documents it with
 * vfio_pci_core (PCI_DRIVER_OVERRIDE_DEVICE_VFIO in include/linux/pci.h). False if that is
 * vfio-pci.
 */
bool variant_choose(const struct variant_index *index, const struct device *d, struct variant *ret);

/* What this kernel has for the devices that a plan binds: a variants_of. */
variants_of variants_of_host;

/*
 * What the kernel of this directory has for the devices of a machine that the config may select,
 * and of the drivers that the config names those that an image only reserves devices for.
 * Devices are those below w->sysfs, or below w->root/sys. 0 or -ENOMEM.
 */
int variants_of_kernel(struct variant_list *ret, const struct config *c, const struct sysroot *w,
	const char *directory, struct err *err) _must_check_;

#endif
