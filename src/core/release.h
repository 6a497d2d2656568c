/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RELEASE_H
#define CORE_RELEASE_H

#include "base/err.h"
#include "base/interrupt.h"
#include "core/in_use.h"
#include "core/prev_driver.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

/* One function that goes back to the host, and what became of that. */
struct release {
	struct pci_addr addr;
	struct prev_driver
		prev;    /* who had it before it was bound, if that is known (core/prev_driver.h) */
	char before[32]; /* its driver when we came, "" for none */
	char after[32];  /* its driver at the end, "" for none */
	bool holds;      /* it is the host's again: free of vfio, with the driver that wants it */
	bool unfinished; /* its override was set for a VM, and no driver had it */
	bool timed_out;  /* a child was left behind in one of its steps */
	char error[256]; /* why it does not hold, "" where it does */
	char other[160]; /* why it is with another host driver than the former one, or "" */
	/* What the steps find out. */
	int override_error, unbind_error, attach_error, probe_error;
	char in_use[IN_USE_REASON_MAX]; /* why its driver was not asked to let it go, or "" */
	int known; /* modules that want the device; negative: why none of them could be loaded */
};

struct release_options {
	struct sysfs *sysfs;
	bool load_modules;     /* false on a tree that only stands for /sys */
	bool force;            /* also from an interface that is up (core/unbind.h) */
	unsigned milliseconds; /* for everything */
	/* Held by the caller (interrupt_hold), or NULL. Before the first step it ends the work;
	 * what has begun is finished, but no step is waited for as long as without one: the half of
	 * it is of no use to anybody. */
	struct interrupt *interrupt;
};

/*
 * Gives functions back: clears the driver_override that names vfio or nothing (another one is
 * somebody else's, and stays); takes them from vfio; has the former driver take them, where that is
 * known, its module loaded if need be; has the kernel look for a driver for those that have none
 * yet, and where it knows none, loads the modules that want them, as udev would; then reads the
 * driver links back. What is with a host driver already is left alone. As in apply, all of that
 * happens in a child, see core/steps.h. 0, or -errno where nothing was written.
 */
int release_all(struct release *list, size_t n, const struct release_options *o,
	struct err *err) _must_check_;

/* Is this a driver that devices are held with for a VM? */
bool release_is_vfio(const char *driver);

#endif
