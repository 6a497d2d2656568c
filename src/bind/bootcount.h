/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_BOOTCOUNT_H
#define BIND_BOOTCOUNT_H

#include "base/err.h"
#include "bind/plan.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How the plan of this boot stands with the boots before it: whether it may be carried out, or
 * stands down because the last boots that did so never reached their end (bind/boot_history.h has
 * the rules). Kept in one EFI variable, and told in the report.
 */
enum boot_state {
	BOOT_UNCOUNTED,     /* nothing is counted, and why: no EFI, say; the plan is carried out */
	BOOT_GOOD,          /* a boot with this plan has reached its end */
	BOOT_INDETERMINATE, /* none has yet; this one counts */
	BOOT_BAD,           /* too many did not: nothing is bound */
};

struct bootcount {
	enum boot_state state;
	uint32_t plan;  /* fingerprint; 0 where nothing is counted */
	unsigned tries; /* boots with it, this one included, none of which reached its end */
	unsigned limit; /* [guard] failed_boots */
	unsigned spent; /* milliseconds that asking took */
	char why[256];  /* of UNCOUNTED and DOWN, for people; else "" */
};

/*
 * What can make a machine hang, in 32 bits that are never 0: the kernel, each device that is bound
 * with its id and driver, the whole of [modules], and what [device] says of such a device. Any of
 * it new makes a plan that no boot has tried. Not the guards, comments or the order of lines, for
 * they decide which devices these are and no more.
 */
uint32_t bootcount_fingerprint(const struct plan *p);

/*
 * First, at the price of one system call: can anything be counted here? Returns the descriptor for
 * bootcount_begin, or -1 with the reason in *ret. sysfs is a tree that stands for /sys, or NULL.
 */
int bootcount_place(struct bootcount *ret, const struct plan *p, const char *sysfs) _must_check_;

/*
 * Asks before anything is bound, and counts this boot where the plan is new, unless `again` says
 * that it was counted. A child asks, and one that hangs in the firmware is left behind: then, as
 * after any failure, the plan is carried out. tree: the place is in a tree that stands for /sys.
 */
void bootcount_begin(struct bootcount *s, const struct plan *p, int place, bool tree, bool again);

/*
 * The end of the boot is reached, of which the report says how the plan stood at its beginning:
 * where the next boot is to know that, it is written. 1: written; 0: nothing was to be; or -errno.
 */
int bootcount_reached(const struct bootcount *s, const char *sysfs, struct err *err) _must_check_;

/* Forgets every boot there was, by removing the variable. */
int bootcount_clear(const char *sysfs, struct err *err) _must_check_;

/* How many boots without it the plan still waits for (BOOT_BAD); 0 where that can't be read.
 */
unsigned bootcount_wait(const struct bootcount *s, const char *sysfs);

/* Is the plan of a boot that was on trial (BOOT_INDETERMINATE) confirmed by now? False where that
 * can't be read. */
bool bootcount_confirmed_since(const struct bootcount *s, const char *sysfs);

/* "uncounted", "confirmed", "trial", "down", as the report has it. */
const char *bootcount_name(enum boot_state state);
bool bootcount_by_name(const char *name, enum boot_state *ret);

#endif
