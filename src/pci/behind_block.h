/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_BEHIND_BLOCK_H
#define PCI_BEHIND_BLOCK_H

#include "pci/behind.h"
#include "pci/notes.h"
#include "pci/sysfs.h"

/* Adds the disks, with what they are used for by the notes' mounts and swaps. 0, or -ENOMEM. */
int behind_gather_block(
	struct behind_list *list, struct sysfs *s, const struct notes *notes) _must_check_;

#endif
