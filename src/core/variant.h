/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_VARIANT_H
#define CORE_VARIANT_H

#include "base/err.h"
#include "base/str.h"
#include "core/config_values.h"
#include "pci/device.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Variant drivers of vfio-pci: drivers for VMs that know some devices better, as mlx5_vfio_pci
 * does. [device] driver = auto, the default, means the one that the kernel's own aliases name for
 * the device (host/variants). An image has the choice for its kernels, made when the image was, in
 * a file beside the config, a line each:
 *
 * KERNEL ALIAS DRIVER [late]
 * 6.12.48 v000015B3d0000101Esv000015B3sd00000001bc02sc00i00 mlx5_vfio_pci late
 *
 * Without such a driver there is no such file. late: the module needs a host driver of PCI devices
 * (mlx5_core), which is not to be in an image: the image only reserves the device for the driver,
 * and the host binds it, when udev there reports it.
 */
#define VARIANTS_NAME "vfio-bind.drivers"

/* The modalias of a device without the bus before it (pci_uevent in drivers/pci/pci-driver.c). */
#define VARIANT_ALIAS_MAX 64
void variant_alias(const struct device *d, char buf[static VARIANT_ALIAS_MAX]);

struct variant {
	char alias[VARIANT_ALIAS_MAX];
	char driver[DRIVER_NAME_MAX];
	bool late;
};

/* Growing; zero-initialised is empty. */
struct variant_list {
	struct variant *at;
	size_t n, size;
};

/* Adds one unless its alias, or for VARIANT_ANY its driver, is there. 0 or -ENOMEM. */
int variants_add(struct variant_list *list, const struct variant *one) _must_check_;
void variants_done(struct variant_list *list);

/* The alias of a line that is about a driver which the config names, whatever the device. */
#define VARIANT_ANY "*"

/* True if the list says that an image only reserves devices for this driver. */
bool variants_late(const struct variant_list *list, const char *driver);

/* NULL: vfio-pci is the driver. */
const struct variant *variants_find(const struct variant_list *list, const struct device *d);

/* Adds the lines for a kernel. */
void variants_format(const struct variant_list *list, const char *kernel, struct text *t);

/* Adds the lines for the running kernel in the file beside this config. No file, or one that users
 * other than root may have written: nothing. 0 or -ENOMEM. */
int variants_read(struct variant_list *list, const char *config) _must_check_;

#endif
