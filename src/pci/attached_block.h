/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_ATTACHED_BLOCK_H
#define PCI_ATTACHED_BLOCK_H

#include "pci/attached.h"
#include "pci/host_snapshot.h"
#include "pci/sysfs.h"

/* Adds the disks, with what they are used for by the notes' mounts and swaps. 0, or -ENOMEM. */
int attached_gather_block(struct attached_list *list, struct sysfs *s,
	const struct host_snapshot *notes) _must_check_;

#endif
