/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_DEVPATH_H
#define PCI_DEVPATH_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Device paths, "devices/pci0000:00/0000:00:01.2/0000:03:00.0/nvme/nvme0/nvme0n1": each part is a
 * parent of the next, so a device needs all PCI functions in its path.
 */
#define DEVPATH_MAX 1024

/*
 * The target of a link, as a path from /sys: class/block/sda → "devices/pci0000:00/…/sda". Returns
 * its length, or -errno; -ENOENT also for a target that is not below devices/.
 */
ssize_t devpath_of(struct sysfs *s, const char *link, char buf[static DEVPATH_MAX]);

/* The same of a PCI function. */
ssize_t devpath_of_function(struct sysfs *s, struct pci_addr addr, char buf[static DEVPATH_MAX]);

/* Reads the next PCI function of the path, from the root bus down, and moves *path past it. False
 * after the last. */
bool devpath_next(const char **path, struct pci_addr *ret);

/*
 * Formats the PCI path to a function in the path as `paths` in the config has it
 * ("0000:00:01.2/00.0"); "" if the function is not in the path or the text does not fit.
 */
const char *devpath_format(const char *path, struct pci_addr to, char *buf, size_t size);

#endif
