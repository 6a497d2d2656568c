/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_DEV_STATUS_H
#define CLI_DEV_STATUS_H

#include "base/err.h"
#include "cli/report_parse.h"
#include "core/kmod.h"
#include "core/usable.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The current state of a requested device. The first three are as requested. */
enum dev_state {
	DEV_OK,
	DEV_EXCLUDED,     /* [exclude] wins, as configured */
	DEV_RELEASED,     /* `release` returned it to the host since, as requested */
	DEV_UNUSABLE,     /* vfio-pci has it, and no VM can open it */
	DEV_UNVERIFIED,   /* vfio-pci has it; whether a VM can open it is not known */
	DEV_OFF,          /* nothing is bound at this boot */
	DEV_REFUSED,      /* a guard left it to the host */
	DEV_ABSENT,       /* it was not in the machine */
	DEV_GONE,         /* it was in the machine, and is not any more */
	DEV_OTHER_DRIVER, /* another driver has it */
	DEV_NO_DRIVER,    /* no driver has it */
};

struct dev_status {
	const struct report_dev *requested;
	bool later; /* reported by `hotplug`, for a device that was plugged in after boot */
	enum dev_state state;
	char now[32];                     /* its driver, "" for none */
	enum usable usable;               /* for a device that vfio-pci has */
	char unusable[USABLE_REASON_MAX]; /* why not, or why that is not known */
	bool since;                       /* the driver changed after vfio-bind was done with it */
	long long first_usec;             /* of the current driver: kmsg_first */
};

/* Requested against current state: the reports of this boot, and sysfs. */
struct status {
	struct report boot;
	struct report *later; /* the reports of `hotplug`, one per device */
	size_t n_later;
	struct dev_status *rows; /* in the order of addresses, then those without one */
	size_t n;
	struct unfinished *unfinished; /* without a row: not reported */
	size_t n_unfinished;
	int config_changed; /* 1: the config differs from that of the image; 0; -1: not known */
	unsigned waits;     /* boots that a blocked plan still waits for */
	/* Devices that vfio-pci has by ids of other tools, a sentence each. No guard has checked
	 * them. Added by the caller that reads the settings of other tools. */
	struct strings strays;
	bool confirmed; /* this boot was on trial, and has been confirmed since */
};

/*
 * Reads DIR/report.json, DIR/ADDRESS/report.json and sysfs below a directory (NULL: /sys). -ENOENT
 * if the boot left no report, or another negative errno, with a text; to be emptied with
 * status_done in each case.
 */
int status_read(struct status *ret, const char *dir, const char *sysfs, const char *config,
	struct err *err) _must_check_;
void status_done(struct status *a);

/* True if everything is as requested. */
bool status_is_ok(const struct status *a);
bool dev_status_is_ok(const struct dev_status *r);

#define DEV_STATUS_TEXT_MAX 512

/* The text for one of `unfinished`. */
const char *status_unfinished_text(
	const struct unfinished *u, char buf[static DEV_STATUS_TEXT_MAX]);

/* The text of a row: the state, its cause and its time. */
const char *dev_status_text(
	const struct dev_status *r, const struct status *a, char buf[static DEV_STATUS_TEXT_MAX]);

/* Prints all of it, as text and as JSON. */
void status_print(const struct status *a, FILE *f);
void status_print_json(const struct status *a, FILE *f);

/*
 * A function without a driver whose driver_override allows only one for VMs: left by a command that
 * was killed (SIGKILL, out of memory) between reserving and binding.
 */
struct unfinished {
	struct pci_addr addr;
	char override[32]; /* "?": it cannot be read, because the kernel holds the device's lock */
};

#endif
