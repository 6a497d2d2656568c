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

/* One function to be released to the host, and the result. */
struct release {
	struct pci_addr addr;
	struct prev_driver prev; /* its driver before it was bound, if known (core/prev_driver.h) */
	char before[32];         /* its driver at the start, "" for none */
	char after[32];          /* its driver at the end, "" for none */
	bool holds;      /* it is with the host: free of vfio, with the driver that matches it */
	bool unfinished; /* its override was set for a VM, but it had no driver */
	bool timed_out;  /* one of its steps timed out in the kernel */
	char error[256]; /* why it is not with the host, else "" */
	char other[160]; /* why it has another host driver than the previous one, or "" */
	/* Results of the steps. */
	int override_error, unbind_error, attach_error, probe_error;
	char in_use[IN_USE_REASON_MAX]; /* why unbind was not tried, or "" */
	int known; /* number of modules that match the device; negative: the error of loading
		    * them */
};

struct release_options {
	struct sysfs *sysfs;
	bool load_modules;     /* false on a tree that only replaces /sys */
	bool force;            /* also unbinds an interface that is up (core/unbind.h) */
	unsigned milliseconds; /* for everything */
	/* Blocked by the caller (interrupt_hold), or NULL. Before the first step an interrupt ends
	 * the work; work that has begun is finished, because half of it is useless, but with a
	 * shorter timeout per step. */
	struct interrupt *interrupt;
};

/*
 * Releases functions: clears a driver_override that names vfio or none (another one belongs to
 * another tool, and stays); unbinds them from vfio; binds them to the previous driver, if known,
 * and loads its module if needed; probes those that still have no driver, and if the kernel has
 * none, loads the modules that match them, as udev would; then reads the driver links back. A
 * device with a host driver is left alone. As in apply, all of this runs in a child, see
 * core/steps.h. Returns 0, or -errno if nothing was written.
 */
int release_all(struct release *list, size_t n, const struct release_options *o,
	struct err *err) _must_check_;

/* True for a driver that reserves devices for VMs. */
bool release_is_vfio(const char *driver);

#endif
