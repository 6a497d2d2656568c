/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "base/err.h"
#include "base/interrupt.h"
#include "core/in_use.h"
#include "core/plan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/* Another tool's driver_override, which may be any text. */
#define OVERRIDE_MAX 64

/* The result of one verdict. */
struct apply_result {
	bool attempted;  /* it was to be bound */
	bool timed_out;  /* a child timed out in one of its steps */
	bool holds;      /* it has its target driver */
	bool unusable;   /* bound, but no VM can open it, as far as is known */
	bool reverted;   /* our changes to it are undone */
	bool overridden; /* not on its target, and our driver_override is still set */
	unsigned usec;   /* from the start until its last step ended */
	char before[32]; /* its driver at the start, "" for none */
	char after[32];  /* its driver at the end, "" for none */
	/* What [device] reset and d3cold have changed, as it was before; "" if they have not. */
	char prev_reset[RESET_METHODS_MAX], prev_d3cold[8];
	char prev_override[OVERRIDE_MAX]; /* the driver_override that another tool had set, or "" */
	char error[400];                  /* why it is not on its target, or is unusable, or "" */
};

struct apply_options {
	struct sysfs *sysfs;
	bool load_modules;     /* false on a tree that only replaces /sys */
	bool iommu_later;      /* the caller loads VFIO's IOMMU driver (module_load_iommu) */
	bool force;            /* also unbinds an interface that is up (device_unbind) */
	unsigned milliseconds; /* for everything, undoing included */
	int *notify_ready; /* notified once all overrides are set (steps_notify_ready); may point to
			    * -1 */
	/* Blocked by the caller (interrupt_hold), or NULL. One that arrives before the first probe
	 * ends the work; each card that is not completely bound by then is restored. */
	struct interrupt *interrupt;
};

/*
 * Carries the plan out: all overrides; [device] rebar, reset, d3cold; modules; unbind from other
 * drivers; drivers_probe; the firmware's framebuffer, if it is on one of the displays; then reads
 * the driver links back, and whether BARs of displays are busy. If one function of a card fails to
 * get its override, the others lose theirs; a device that does not end on its target is returned to
 * the host (or held, as configured). All writes happen in a child, see core/steps.h.
 *
 * *ret has one outcome per verdict, and the caller frees it. Returns 0, or -errno if nothing was
 * written.
 */
int apply_plan(struct apply_result **ret, const struct plan *p, const struct apply_options *o,
	struct err *err) _must_check_;

/*
 * The only function that writes `unbind`. First asks the kernel whether the device is in use
 * (core/in_use), and keeps the resources claimed for that check until the driver has unbound.
 * force: also unbinds an interface that is up; never a device whose claim failed.
 *
 * May wait without limit: only in a child (core/steps.h). Returns 0; -EBUSY with a reason, and
 * nothing done, if the device is in use; or the kernel's error, with reason "".
 */
int device_unbind(struct sysfs *s, struct pci_addr addr, bool live, bool force,
	char reason[static IN_USE_REASON_MAX]);

#endif
