/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_PCIIDS_H
#define HOST_PCIIDS_H

#include "pci/id.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The names of vendors, devices and classes from pci.ids (pci.ids(5)), as lspci has them. The file
 * is mapped, and read only as far as needed; zero-initialised has no names: every lookup returns
 * false.
 */
struct pciids {
	const char *data;
	size_t len;
	size_t classes; /* where the list of classes begins */
	struct {        /* positions of vendors looked up before: most machines have ten */
		unsigned vendor;
		size_t at, end; /* at == end: it has no name */
	} seen[16];
	unsigned n_seen;
};

/* Opens path, or if NULL or missing the file where distributions install it. Never fails. */
void pciids_open(struct pciids *ret, const char *path);

/* The same for a recorded tree of /sys, or NULL: it may have a list of its own
 * (host/host_snapshot.h). */
void pciids_open_of(struct pciids *ret, const char *sysfs);
void pciids_close(struct pciids *n);

/* Each writes the name, cut where it does not fit, or "" and false. */
bool pciids_vendor(struct pciids *n, uint32_t vendor, char *buf, size_t size);
bool pciids_device(struct pciids *n, const struct pci_id *id, char *buf, size_t size);
/* The name of the board, or of its vendor. */
bool pciids_subsystem(struct pciids *n, const struct pci_id *id, char *buf, size_t size);
/* class has 24 bits; the name of the subclass, or of the base class. */
bool pciids_class(struct pciids *n, uint32_t class, char *buf, size_t size);

#endif
