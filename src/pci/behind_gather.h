/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_BEHIND_GATHER_H
#define PCI_BEHIND_GATHER_H

#include "base/err.h"
#include "pci/behind.h"
#include "pci/notes.h"
#include "pci/sysfs.h"

/* Gathers all that hangs behind PCI functions, sorted by function, kind and name. 0, or -ENOMEM. */
int behind_gather(struct behind_list *ret, struct sysfs *s, const struct notes *notes,
	struct err *err) _must_check_;

#endif
