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

/* [device] driver = none: it is reserved and stays without a driver. */
#define NO_DRIVER "none"

struct groups;
struct bootcount;

enum action { ACTION_BIND, ACTION_REFUSE, ACTION_ABSENT };

/* What becomes of one device that was asked for, and why. */
struct verdict {
	enum action action;
	const struct selector *selector;        /* the line that asked, or brought it along */
	const struct device *device;            /* NULL: absent */
	bool companion;                         /* brought along, not meant by `asked` itself */
	const struct device_settings *settings; /* of [device], or NULL */
	const char *driver;                     /* the one it shall have; "none" for none */
	char reason[224];
};

/*
 * The whole of what boot will do, made by a pure function of its arguments, to which it keeps
 * pointers. The verdicts stand in address order, those that are no address behind them; a device
 * stands once, however many lines ask for it.
 */
struct plan {
	const struct config *config;
	const char *off; /* why nothing is to be touched, or NULL */
	/* What the boots before have to say to it (core/bootcount.h), or NULL where nobody asked.
	 */
	const struct bootcount *bootcount;
	/* Where the firmware shows the boot, or NULL where nothing was looked at. */
	const struct boot_display *boot;
	/* Which IOMMU groups it takes in part (core/groups.h), or NULL where nobody looked. */
	const struct groups *groups;
	struct verdict *verdicts;
	size_t n;
	bool no_iommu; /* devices were refused because none of them is in an IOMMU group */
	/* What is not known of what the host needs, where a controller is bound all the same
	 * because the config names it; "" where there is nothing to warn of. */
	char unverified[PROTECTED_REASON_MAX];
};

/* host NULL: nothing was looked at, because of an error in the config or the off switch. */
int plan_make(struct plan *ret, const struct config *c, const struct probe *host,
	const struct boot_switch *b, struct err *err) _must_check_;
void plan_done(struct plan *p);

/* Is every device that was asked for to be bound? */
bool plan_is_whole(const struct plan *p);
/* Is any? */
bool plan_binds(const struct plan *p);

/* The address, or for what is not there the words of the config. */
#define VERDICT_NAME_MAX SELECTOR_TEXT_MAX
const char *verdict_name(const struct verdict *v, char buf[static VERDICT_NAME_MAX]);
const char *action_name(enum action action);

/* FILE:LINE of who asked; "command line" for an operand, which has no line. */
#define SOURCE_MAX 512
const char *verdict_source(
	const struct plan *p, const struct verdict *v, char buf[static SOURCE_MAX]);

/* Prints a row of a table and the sentence behind it (shared/term). */
typedef void plan_print_row(FILE *f, const char *row, const char *fmt, ...) _printf_(3, 4);

/* Prints the plan as a table. row NULL: each row is one line, however wide. */
void plan_print(const struct plan *p, plan_print_row *row, FILE *f);

#endif
