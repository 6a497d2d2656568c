/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_PCIIDS_H
#define HOST_PCIIDS_H

#include "pci/id.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The names of vendors, devices and classes by libpci, as lspci has them: from pci.ids
 * (pci.ids(5)), and on this machine from udev's hwdb. Never over the network. Zero-initialised has
 * no names: every look-up returns false.
 */
struct pciids {
	struct pci_access *access;
	int flags;
};

/*
 * sysfs NULL: the names of this machine. A recorded tree may have a list of its own
 * (host/host_snapshot.h), and else gets this machine's list without its hwdb. Never fails.
 */
void pciids_open(struct pciids *ret, const char *sysfs);
void pciids_close(struct pciids *n);

/* Each writes the name, cut where it does not fit, or "" and false. */
bool pciids_vendor(struct pciids *n, uint32_t vendor, char *buf, size_t size);
/* The same, shorter: "NVIDIA", "AMD/ATI". */
bool pciids_vendor_short(struct pciids *n, uint32_t vendor, char *buf, size_t size);
/* Shortens the name of a vendor; returns buf. */
const char *pciids_short(const char *vendor, char *buf, size_t size);
bool pciids_device(struct pciids *n, const struct pci_id *id, char *buf, size_t size);
/* The name of the board, or of its vendor. */
bool pciids_subsystem(struct pciids *n, const struct pci_id *id, char *buf, size_t size);
/* class has 24 bits; the name of the subclass, or of the base class. */
bool pciids_class(struct pciids *n, uint32_t class, char *buf, size_t size);

#endif
