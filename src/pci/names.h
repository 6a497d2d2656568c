/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_NAMES_H
#define PCI_NAMES_H

#include "pci/id.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The names of vendors, devices and classes from pci.ids (pci.ids(5)), as lspci has them. The file
 * is mapped and read as far as it is asked; zero-initialised knows no name, and each question has
 * no for an answer.
 */
struct pci_names {
	const char *data;
	size_t len;
	size_t classes; /* where the list of classes begins */
	struct {        /* where vendors that were asked for stand: most machines have ten */
		unsigned vendor;
		size_t at, end; /* at == end: it has no name */
	} seen[16];
	unsigned n_seen;
};

/* Where distributions have the file; path (or NULL) comes before those. Never fails. */
void names_open(struct pci_names *ret, const char *path);

/* The same for a tree that stands for /sys, or NULL: it may bring a list of its own (pci/notes.h).
 */
void names_open_of(struct pci_names *ret, const char *sysfs);
void names_close(struct pci_names *n);

/* Each writes the name, cut where it does not fit, or "" and false. */
bool names_vendor(struct pci_names *n, uint32_t vendor, char *buf, size_t size);
bool names_device(struct pci_names *n, const struct pci_id *id, char *buf, size_t size);
/* The board's own name, or its vendor's. */
bool names_subsystem(struct pci_names *n, const struct pci_id *id, char *buf, size_t size);
/* class has 24 bits; the name of the subclass, or of the base class. */
bool names_class(struct pci_names *n, uint32_t class, char *buf, size_t size);

#endif
