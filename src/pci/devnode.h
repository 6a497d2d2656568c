/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_DEVNODE_H
#define PCI_DEVNODE_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum devnode_kind { DEVNODE_CHAR, DEVNODE_BLOCK, DEVNODE_NET };

/* What a function provides to the system: a device node below /dev, or a network interface. */
struct devnode {
	enum devnode_kind kind;
	dev_t dev;       /* not for an interface */
	char name[48];   /* "dri/card0", "nvme0n1p2", "eth0"; "" in another network namespace */
	bool partition;  /* a disk that is a partition of another */
	bool up;         /* an interface that is configured up */
	char holder[32]; /* for a disk, a device made of it ("dm-0"); for an interface, one that it
			  * is a port of or carries ("br0", "eth0.7"); or "" */
};

/* Reads "8:1", as the kernel writes a device number; modifies the text. */
bool devnode_read_device(char *text, dev_t *ret);

/* Zero-initialised is empty. */
struct devnode_list {
	struct devnode *at;
	size_t n, size;
};

/* The limit of entries read below one function: a disk controller may have thousands. */
#define NODES_MAX 16384

/*
 * Adds the nodes of the function and of all devices below it, from the `dev` files of its
 * directory. A directory that does not exist has none. Returns 0; -ENOMEM; -EOVERFLOW if there are
 * too many, or they are too deep; another -errno if something could not be read. After a failure
 * the list has what was found before it.
 */
int devnodes_find(struct sysfs *s, struct pci_addr addr, struct devnode_list *list);
void devnode_list_done(struct devnode_list *list);

#endif
