/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOOTCOUNT_H
#define CORE_BOOTCOUNT_H

#include "base/err.h"
#include "core/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The boot counter: whether the plan of this boot may be carried out, or is blocked because the
 * last boots with it failed to reach their end (the table below has the rules). Kept in one small
 * EFI variable of our own, the only data that survives a boot and can be read and written before
 * any disk is available; and shown in the report.
 */
#define BOOT_HISTORY_NAME "VfioBindBoots-abefdaba-3bb4-4fd2-972c-9a0ea7abd4c9"

enum boot_state {
	BOOT_UNCOUNTED,     /* not counted, with a reason (no EFI, for example); the plan is carried
			     * out */
	BOOT_GOOD,          /* a boot with this plan has reached its end */
	BOOT_INDETERMINATE, /* none has so far; this one counts */
	BOOT_BAD,           /* too many have not: nothing is bound */
};

struct bootcount {
	enum boot_state state;
	uint32_t plan;    /* fingerprint; 0 if not counted */
	unsigned tries;   /* boots with it, including this one, none of which has reached its end */
	unsigned limit;   /* [guard] failed_boots */
	unsigned spent;   /* milliseconds spent on reading and writing */
	char reason[256]; /* for BOOT_UNCOUNTED and BOOT_BAD, as a sentence; else "" */
};

/*
 * A hash, never 0, of what can make a machine hang: the kernel, each bound device with its id and
 * driver, the whole of [modules], and the [device] settings of these devices. A change of any of it
 * makes a plan that no boot has tried. Without the guards, comments or the order of lines, because
 * they only decide which devices are bound.
 */
uint32_t bootcount_fingerprint(const struct plan *p);

/*
 * Called first: checks, with one system call, whether boots can be counted here. Returns the
 * descriptor for bootcount_begin, or -1 with the reason in *ret. sysfs is a tree used as /sys, or
 * NULL.
 */
int bootcount_place(struct bootcount *ret, const struct plan *p, const char *sysfs) _must_check_;

/*
 * Reads the counter before anything is bound, and counts this boot if the plan is new, unless
 * `again` means that it was counted before. Runs in a child, and abandons one that hangs in the
 * firmware: then, as after any failure, the plan is carried out. tree: the place is in a tree used
 * as /sys.
 */
void bootcount_begin(struct bootcount *s, const struct plan *p, int place, bool tree, bool again);

/*
 * Called at the end of the boot, with the state that the report has from its beginning; writes what
 * the next boot needs to know. Returns 1 if written, 0 if there was nothing to write, or -errno.
 */
int bootcount_reached(const struct bootcount *s, const char *sysfs, struct err *err) _must_check_;

/* Forgets all earlier boots, by removing the variable. */
int bootcount_clear(const char *sysfs, struct err *err) _must_check_;

/* The number of boots without it that a blocked plan still waits for (BOOT_BAD); 0 if it cannot be
 * read. */
unsigned bootcount_wait(const struct bootcount *s, const char *sysfs);

/* True if the plan of a boot on trial (BOOT_INDETERMINATE) is good by now. False if it cannot be
 * read. */
bool bootcount_confirmed_since(const struct bootcount *s, const char *sysfs);

/* "uncounted", "confirmed", "trial", "down", as the report has it. */
const char *bootcount_name(enum boot_state state);
bool bootcount_by_name(const char *name, enum boot_state *ret);

/*
 * The data kept from boot to boot, so that a plan with which the machine does not come up is not
 * carried out forever. A plan is identified by its fingerprint (bootcount_fingerprint).
 *
 *   state of plan P             | a boot with P begins      | that boot reaches its end
 *   ----------------------------+---------------------------+----------------------------------
 *   good: P came up once        | binds, nothing is written | nothing is written
 *   new: another or no P before | binds; tries = 1          | good
 *   on trial: tries < limit     | binds; tries + 1          | good
 *   blocked: tries = limit      | binds nothing,            | rests + 1; after 2^relapses (8 at
 *                               | nothing is written        | most): on trial with one try left,
 *                               |                           | relapses + 1
 *
 * So a blocked plan is tried once more after one good boot without it, then after two, four, and
 * eight good boots each. A new plan (another config, another kernel) starts from zero; up to
 * BOOT_HISTORY_GOOD good plans are remembered, so that switching between kernels costs nothing. A
 * boot of a new plan needs two writes, one of a good plan none.
 */
#define BOOT_HISTORY_GOOD 3

struct boot_history {
	uint32_t plan;    /* on trial or blocked; 0: none */
	uint8_t tries;    /* boots begun with it, none of which reached its end */
	uint8_t rests;    /* boots without it that did, since its last try */
	uint8_t relapses; /* how often it got one more try */
	uint32_t confirmed[BOOT_HISTORY_GOOD]; /* good plans, the latest first; 0: none */
};

#define BOOT_HISTORY_LIMIT_MAX 9

enum boot_verdict { PLAN_GOOD, PLAN_ON_TRIAL, PLAN_BLOCKED };

/* Called when a boot begins; *ret_changed: the data must be written before anything is bound. */
enum boot_verdict boot_history_begin(
	struct boot_history *b, uint32_t plan, unsigned limit, bool *ret_changed);

/* Called when that boot reaches its end. True: the data must be written. */
bool boot_history_reached(struct boot_history *b, uint32_t plan, unsigned limit, bool was_blocked);

/* The number of good boots without it that the blocked plan still waits for. */
unsigned boot_history_wait(const struct boot_history *b);

/* Its bytes: a version, the numbers in little-endian order, a CRC-32 over all bytes before it. */
#define BOOT_HISTORY_SIZE 24
void boot_history_encode(const struct boot_history *b, uint8_t to[static BOOT_HISTORY_SIZE]);

/* False if the bytes have another size or version, or are damaged. */
bool boot_history_decode(struct boot_history *ret, const uint8_t *from, size_t len);

#endif
