/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "base/err.h"
#include "core/boot_switch.h"
#include "core/config.h"
#include "core/probe.h"
#include "core/protected.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* [device] driver = none: the device is reserved and gets no driver. */
#define NO_DRIVER "none"
#define DEFAULT_DRIVER "vfio-pci"

struct groups;
struct bootcount;

enum action { ACTION_BIND, ACTION_REFUSE, ACTION_ABSENT };

/* The decision about one selected device, and its reason. */
struct verdict {
	enum action action;
	const struct selector *selector;        /* the selector that matched it, or the leader of a
						 * companion */
	const struct device *device;            /* NULL: absent */
	bool companion;                         /* a companion, which `selector` does not match
						 * itself */
	const struct device_settings *settings; /* of [device], or NULL */
	const char *driver;                     /* the target driver; "none" for none */
	bool automatic; /* the driver is chosen by the kernel's aliases (core/variant) */
	bool late;      /* it is only reserved for its driver, which the host loads */
	char reason[224];
};

/*
 * All that boot will do, made by a pure function of its arguments, to which it keeps pointers. The
 * verdicts are in address order, those without an address after them; a device occurs once, however
 * many selectors match it.
 */
struct plan {
	const struct config *config;
	const char *off; /* why nothing is done, or NULL */
	/* The boot counter (core/bootcount.h), or NULL if not read. */
	const struct bootcount *bootcount;
	/* The firmware's boot display, or NULL if no device was read. */
	const struct boot_display *boot;
	/* The IOMMU groups of which it binds only a part (core/guard.h), or NULL if not read. */
	const struct groups *groups;
	struct verdict *verdicts;
	size_t n;
	bool no_iommu; /* devices were refused because none of them is in an IOMMU group */
	/* What is unknown about the devices that the host needs, if a controller is bound all the
	 * same because the config names it; "" if there is nothing to warn about. */
	char unverified[PROTECTED_REASON_MAX];
};

/* host NULL: no device was read, because of an error in the config or the off switch. */
int plan_make(struct plan *ret, const struct config *c, const struct probe *host,
	const struct boot_switch *b, struct err *err) _must_check_;
void plan_done(struct plan *p);

/* The verdict on a device that exists, or NULL. */
const struct verdict *plan_find(const struct plan *p, struct pci_addr addr);

/* True if every selected device is to be bound. */
bool plan_is_whole(const struct plan *p);
/* True if any is. */
bool plan_binds(const struct plan *p);

/* The address, or for an absent device its selector in the config. */
#define VERDICT_NAME_MAX SELECTOR_TEXT_MAX
const char *verdict_name(const struct verdict *v, char buf[static VERDICT_NAME_MAX]);
const char *action_name(enum action action);

/* FILE:LINE of the selector; "command line" for an operand, which has no line. */
#define SOURCE_MAX 512
const char *verdict_source(
	const struct plan *p, const struct verdict *v, char buf[static SOURCE_MAX]);

/* What the table of a plan says of a verdict, besides the reason; "-" for nothing. */
struct plan_row {
	char name[VERDICT_NAME_MAX], id[PCI_ID_MAX], source[SOURCE_MAX];
	const char *action, *current, *target;
};
void plan_row_read(const struct plan *p, const struct verdict *v, struct plan_row *ret);

/* Prints the plan as a table, each row in one line. */
void plan_print(const struct plan *p, FILE *f);

#endif
