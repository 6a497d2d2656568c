/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "base/err.h"
#include "base/interrupt.h"
#include "core/plan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/* Somebody else's driver_override, which may be any text. */
#define OVERRIDE_MAX 64

/* What became of one verdict. */
struct apply_result {
	bool attempted;  /* it was to be bound */
	bool timed_out;  /* a child was left behind in one of its steps */
	bool holds;      /* it has the driver it shall have */
	bool unusable;   /* it holds, and no VM can open it, as far as that is known */
	bool reverted;   /* what we had done to it is undone */
	bool overridden; /* it does not hold, and our driver_override is still set */
	unsigned usec;   /* from the start until its last step ended */
	char before[32]; /* its driver when we came, "" for none */
	char after[32];  /* its driver at the end, "" for none */
	char prev_override[OVERRIDE_MAX]; /* the driver_override that somebody else had set, or ""
					   */
	char error[400];                  /* why it does not hold, or is unusable, or "" */
};

struct apply_options {
	struct sysfs *sysfs;
	bool load_modules;     /* false on a tree that only stands for /sys */
	bool force;            /* also from an interface that is up (core/unbind.h) */
	unsigned milliseconds; /* for everything, undoing included */
	int *notify_ready; /* told once the overrides stand (steps_notify_ready); may point to -1 */
	/* Held by the caller (interrupt_hold), or NULL. One that comes before the first probe ends
	 * the work; each card that is not bound as a whole by then is given back. */
	struct interrupt *interrupt;
};

/*
 * Carries the plan out: all overrides; [device] rebar; modules; unbind, where another driver sits;
 * drivers_probe; the firmware's framebuffer, where it lies on one of the displays; then reads the
 * driver links back, and who holds the BARs of displays. What a function of a slot can't get, its
 * slot gives up; a device that does not end on its driver is given back to the host (or held, as
 * the config says). All writes happen in a child, see core/steps.h.
 *
 * *ret holds one outcome a verdict, for the caller to free. 0, or -errno where nothing was written.
 */
int apply_plan(struct apply_result **ret, const struct plan *p, const struct apply_options *o,
	struct err *err) _must_check_;

#endif
