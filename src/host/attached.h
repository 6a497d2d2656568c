/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_ATTACHED_H
#define HOST_ATTACHED_H

#include "base/err.h"
#include "host/host_snapshot.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

enum attached_kind { ATTACHED_BLOCK, ATTACHED_NET, ATTACHED_USB, ATTACHED_CONNECTOR };

/* One thing that goes away with a PCI function: a disk, a network interface, a USB device, a
 * screen.
 */
struct attached {
	enum attached_kind kind;
	struct pci_addr addr; /* the function */
	char name[40];        /* "nvme0n1", "eth0", "1-2", "HDMI-A-1" */
	char what[100];       /* model, or product; of an interface the bridge it is part of; of a
				 screen the mode it likes best */
	char id[16];          /* of a USB device, "046d:c52b" */
	unsigned long long bytes; /* of a disk */
	char holders[64]; /* of a disk, "md0 vg-root": what is made of it and mounted nowhere */
	bool up;          /* of an interface; of a screen: the card shows something on it */
	/* What it is used for, each with a NUL behind it and one more at the end: where a disk, its
	 * partitions and what is made of them (LVM, LUKS, RAID, btrfs) are mounted; an interface's
	 * addresses. NULL: nothing. */
	char *uses;
};

/* A list that grows; owned by who made it. */
struct attached_list {
	struct attached *at;
	size_t n, size;
};

/* Adds a copy, which takes b->uses over. 0, or -ENOMEM: then b->uses is still the caller's. */
int attached_add(struct attached_list *list, const struct attached *b) _must_check_;
/* Frees n of them and what they own. */
void attached_done(struct attached *at, size_t n);

/* Gathers all that hangs behind PCI functions, sorted by function, kind and name. 0, or -ENOMEM. */
int attached_gather(struct attached_list *ret, struct sysfs *s, const struct host_snapshot *notes,
	struct err *err) _must_check_;

#endif
