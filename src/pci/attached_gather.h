/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_ATTACHED_GATHER_H
#define PCI_ATTACHED_GATHER_H

#include "base/err.h"
#include "pci/attached.h"
#include "pci/host_snapshot.h"
#include "pci/sysfs.h"

/* Gathers all that hangs behind PCI functions, sorted by function, kind and name. 0, or -ENOMEM. */
int attached_gather(struct attached_list *ret, struct sysfs *s, const struct host_snapshot *notes,
	struct err *err) _must_check_;

#endif
