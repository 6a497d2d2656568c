/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RELEASE_H
#define CORE_RELEASE_H

#include "base/err.h"
#include "base/interrupt.h"
#include "core/apply.h"
#include "core/in_use.h"
#include "core/plan.h"
#include "pci/address.h"
#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Two host drivers may match one device (nouveau and nvidia, cirrus-qemu and cirrusfb), and the
 * kernel probes them in the order in which they were loaded. So `bind` saves the driver of a
 * device, and `release` binds the device to it again. A note is a line in DIR/ADDRESS/host-driver,
 * where DIR is the directory of the reports:
 *
 *   10de:2204:1458:403b nouveau nouveau      the device, the driver's module (- if it is built in),
 *                                            the driver
 */
struct prev_driver {
	char driver[32]; /* "" for none */
	char module[56]; /* MODULE_NAME_LEN (include/linux/module.h); "" for none */
};

/*
 * Saves the driver in d->driver; nothing for a device with a vfio driver or none: the note saved
 * before stays. Returns 0, or -errno with a reason.
 */
int prev_driver_save(
	const char *dir, struct sysfs *s, const struct device *d, struct err *err) _must_check_;

/*
 * Reads the note of a device. Returns 0, with an empty driver if there is none; or -errno with a
 * reason and an empty driver: -EINVAL for anything that prev_driver_save does not write, -ESTALE if
 * the note belongs to another device that was at this address.
 */
int prev_driver_read(struct prev_driver *ret, const char *dir, const struct device *d,
	struct err *err) _must_check_;

/* For a device that is back with the host. */
void prev_driver_remove(const char *dir, struct pci_addr addr);

/* Before a plan is carried out on the running system: notes the driver of each device that it
 * binds. A note that can't be written stops nothing and is logged. */
void prev_driver_save_all(const char *dir, const struct plan *p, struct sysfs *s);

/* Afterwards: a device that kept or got back its driver has no note; one that was bound is no
 * longer marked as released. */
void prev_driver_after_bind(
	const char *dir, const struct plan *p, const struct apply_result *outcomes);

/* One function to be released to the host, and the result. */
struct release {
	struct pci_addr addr;
	/* reset_method and d3cold_allowed before [device] changed them (settings_note_read), or ""
	 */
	char prev_reset[RESET_METHODS_MAX], prev_d3cold[8];
	struct prev_driver prev; /* its driver before it was bound, if known (above) */
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
	bool force;            /* also unbinds an interface that is up (device_unbind) */
	unsigned milliseconds; /* for everything */
	/* Blocked by the caller (interrupt_hold), or NULL. Before the first step an interrupt ends
	 * the work; work that has begun is finished, because half of it is useless, but with a
	 * shorter timeout per step. */
	struct interrupt *interrupt;
};

/*
 * Releases functions: puts reset_method and d3cold_allowed back; clears a driver_override that
 * names vfio or none (another one belongs to another tool, and stays); unbinds them from vfio;
 * binds them to the previous driver, if known, and loads its module if needed; probes those that
 * still have no driver, and if the kernel has none, loads the modules that match them, as udev
 * would; then reads the driver links back. A device with a host driver is left alone. As in apply,
 * all of this runs in a child, see core/steps.h. Returns 0, or -errno if nothing was written.
 */
int release_all(struct release *list, size_t n, const struct release_options *o,
	struct err *err) _must_check_;

/*
 * Puts back what [device] reset and d3cold have changed: each value that is not "". The kernel
 * takes what it shows; of a device that had no method it takes an empty list, and reset stays as it
 * was set.
 */
void release_settings(struct sysfs *s, struct pci_addr addr, const char *reset, const char *d3cold);

/* True for a driver that reserves devices for VMs. */
bool release_is_vfio(const char *driver);

/*
 * A device that `release` has released stays with the host until the next boot, or until `bind`
 * binds it again: no replayed event and no second `boot` binds it. A note is DIR/ADDRESS/released,
 * where DIR is the directory of the reports, and contains the device's modalias: another device at
 * the same address was not released.
 */

/* Returns 0, or -errno with a reason. */
int released_note(
	const char *dir, struct sysfs *s, struct pci_addr addr, struct err *err) _must_check_;

/* A note that exists but cannot be read counts. */
bool released_is(const char *dir, struct sysfs *s, struct pci_addr addr);

/* Refuses each released function; other functions of its card stay in the plan. */
void released_refuse(struct plan *p, const char *dir, struct sysfs *s);

/*
 * What reset_method and d3cold_allowed were before [device] changed them, so that `release` puts
 * them back in the same boot, whatever the config says by then: DIR/ADDRESS/settings, a line each.
 * A note that can't be written stops nothing and is logged. One that exists stays: it has the
 * kernel's own values.
 */
void settings_note_save(const char *dir, const struct plan *p, const struct apply_result *outcomes);
/* Fills prev_reset and prev_d3cold; "" where there is no note. */
void settings_note_read(struct release *ret, const char *dir);
void settings_note_remove(const char *dir, struct pci_addr addr);

#endif
