/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "base/err.h"
#include "base/json_write.h"
#include "core/ctx.h"
#include "host/inventory.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What comes of a plan, before it is written: would a VM start with the device, and what is to
 * be known of it then. A fixed word for programs goes with each remark:
 *
 * - group: a member of its IOMMU group stays on a host driver, so that the kernel gives the group
 * to no VM; group-unknown: it has no group now, or the IOMMU is off.
 * - reserved: the firmware reserves memory for the group (RMRR); reserved-unknown.
 * - refused: a guard leaves it to the host; denylist: vfio-pci's own denylist has it.
 * - no-reset: nothing resets it between two VMs; reset-with-bus: only all of its bus is reset,
 * which one VM has to have.
 * - rom-no-uefi: its ROM has no image for UEFI; rom-unknown: the ROM could not be read now.
 * - amd-reset, arc-audio, macos, nvswitch, qat, bmc: known trouble (host/known_trouble).
 */
struct outcome_remark {
	const char *word;
	bool prevents; /* no VM starts with the device */
	bool of_guest; /* it concerns some guests only */
	char *what;
	const char *detail;
};

enum outcome_starts { OUTCOME_STARTS, OUTCOME_FAILS, OUTCOME_UNKNOWN };

struct outcome {
	struct pci_addr addr;
	bool bound; /* by the plan */
	enum outcome_starts starts;
	const char *reset; /* of the inventory: "flr bus", "" for none */
	const char *rom;   /* "uefi", "bios", "other", "none"; NULL: unknown, or it is no display */
	struct outcome_remark *at;
	size_t n, size;
};

/* Of each device of a plan that is there. Zero-initialised is empty. */
struct outcomes {
	struct outcome *at;
	size_t n;
};

struct outcome_from {
	struct ctx *ctx; /* the plan, and sysfs */
	const struct inventory *inventory;
	bool live; /* it is this machine: a ROM is read only while no driver has the device */
	bool roms; /* read the ROMs of displays */
};

/* 0 or -ENOMEM. The caller empties it with outcomes_done in each case; the inventory stays. */
int outcomes_find(struct outcomes *ret, const struct outcome_from *from) _must_check_;
void outcomes_done(struct outcomes *o);

/* The outcomes of a plan, with the inventory that they are made of. Zero-initialised is empty. */
struct outcome_report {
	struct inventory inventory;
	struct outcomes outcomes;
};

/* Makes it; ROMs are read. 0, or a negative errno with a text. To be emptied in each case. */
int outcome_report_make(struct outcome_report *ret, struct ctx *ctx, const struct sysroot *w,
	struct err *err) _must_check_;
void outcome_report_done(struct outcome_report *r);

/* True if with one of the devices that are bound no VM starts. */
bool outcomes_fail(const struct outcomes *o);

/* Prints what is to be known, a paragraph for a remark; or that there is nothing. */
void outcomes_print(const struct outcomes *o, struct term *p);

/* Prints the key "outcome" of an open object; NULL: null. */
void outcomes_print_json(const struct outcomes *o, struct json *j);

#endif
