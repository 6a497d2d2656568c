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

/* What a device that was asked for is now. The first three are as they should be. */
enum dev_state {
	DEV_OK,
	DEV_EXCLUDED,     /* [exclude] wins, as asked */
	DEV_RELEASED,     /* `release` gave it back to the host since, as its owner wished */
	DEV_UNUSABLE,     /* vfio-pci has it, and no VM can open it */
	DEV_UNVERIFIED,   /* vfio-pci has it; whether a VM can open it can't be found out */
	DEV_OFF,          /* nothing was touched at this boot */
	DEV_REFUSED,      /* a guard left it to the host */
	DEV_ABSENT,       /* it was not there */
	DEV_GONE,         /* it was there, and is not any more */
	DEV_OTHER_DRIVER, /* another driver has it */
	DEV_NO_DRIVER,    /* no driver has it */
};

struct dev_status {
	const struct report_dev *requested;
	bool later; /* told by `added`, for a device that came after the boot had its look */
	enum dev_state state;
	char now[32];                     /* its driver, "" for none */
	enum usable usable;               /* of one that vfio-pci has */
	char unusable[USABLE_REASON_MAX]; /* why not, or why that is not known */
	bool since; /* taken or driverless: it was not so when vfio-bind was done with it */
	long long first_usec; /* of a thief: kmsg_first */
};

/* Asked for against actual: the reports of this boot, and sysfs as it is now. */
struct status {
	struct report boot;
	struct report *later; /* each device's report that `added` wrote */
	size_t n_later;
	struct dev_status *rows; /* in the order of addresses, the boot's own order behind those */
	size_t n;
	struct unfinished *unfinished; /* of no row: nobody has reported it */
	size_t n_unfinished;
	int config_changed; /* 1: the config is another than the image has; 0; -1: not known */
	unsigned waits;     /* boots that a plan which stood down still waits for */
	/* Devices that vfio-pci has by ids which others gave it, a sentence each. Nobody asked a
	 * guard about them. Who reads the settings of others adds them. */
	struct strv strays;
	bool confirmed; /* this boot was on trial, and has reached its end since */
};

/*
 * Reads DIR/report.json, DIR/ADDRESS/report.json and sysfs below a directory (NULL: /sys). -ENOENT
 * where the boot has left no report, or another negative errno, with a text; to be emptied with
 * status_done in each case.
 */
int status_read(struct status *ret, const char *dir, const char *sysfs, const char *config,
	struct err *err) _must_check_;
void status_done(struct status *a);

/* Is everything that was asked for as it was asked? */
bool status_is_ok(const struct status *a);
bool dev_status_is_ok(const struct dev_status *r);

const char *dev_state_name(enum dev_state state);

#define DEV_STATUS_TEXT_MAX 512

/* One of `unfinished` in words. */
const char *status_unfinished_text(
	const struct unfinished *u, char buf[static DEV_STATUS_TEXT_MAX]);

/* One row's verdict in words: what it is, who did it, and when. */
const char *dev_status_text(
	const struct dev_status *r, const struct status *a, char buf[static DEV_STATUS_TEXT_MAX]);

/* How the boots before this one bear on it, in one sentence; "" where there is nothing to say. */
#define BOOTCOUNT_TEXT_MAX 400
const char *status_bootcount_text(const struct status *a, char buf[static BOOTCOUNT_TEXT_MAX]);

/* All of it, for people and as JSON. */
void status_print(const struct status *a, FILE *f);
void status_print_json(const struct status *a, FILE *f);

/*
 * A function that has no driver, and whose driver_override lets none come but one for VMs: what a
 * command leaves that was killed (SIGKILL, out of memory) between reserving and binding.
 */
struct unfinished {
	struct pci_addr addr;
	char override[32]; /* "?": it can't be read, for something in the kernel holds the device */
};

/*
 * Looks at all functions without a driver. Reading an override waits for the device's lock
 * (driver_override_show), so that happens in a child, for at most 3 seconds. *ret is for the caller
 * to free. 0 or -errno.
 */
int unfinished_find(
	struct unfinished **ret, size_t *ret_n, struct sysfs *s, struct err *err) _must_check_;

#endif
