/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_DEVPATH_H
#define PCI_DEVPATH_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Paths of devices, "devices/pci0000:00/0000:00:01.2/0000:03:00.0/nvme/nvme0/nvme0n1": each part of
 * one is a parent of what follows, and so the PCI functions in it are what a device cannot do
 * without.
 */
#define DEVPATH_MAX 1024

/*
 * Where a link leads, as a path from /sys: class/block/sda → "devices/pci0000:00/…/sda". Its
 * length, or -errno; -ENOENT also for a target that is not below devices/.
 */
ssize_t devpath_of(struct sysfs *s, const char *link, char buf[static DEVPATH_MAX]);

/* The PCI functions on the path, from the root bus down: moves *path behind the next one. False
 * where none is left. */
bool devpath_next(const char **path, struct pci_addr *ret);

/*
 * The way to a function that the path leads through, as the config's `paths` write it
 * ("0000:00:01.2/00.0"), "" where it does not lead there or the way does not fit.
 */
const char *devpath_format(const char *path, struct pci_addr to, char *buf, size_t size);

#endif
