/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_BOOTCOUNT_H
#define CORE_BOOTCOUNT_H

#include "base/err.h"
#include "core/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the plan of this boot stands with the boots before it: whether it may be carried out, or
 * stands down because the last boots that did so never reached their end (the table below has
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
	uint32_t plan;    /* fingerprint; 0 where nothing is counted */
	unsigned tries;   /* boots with it, this one included, none of which reached its end */
	unsigned limit;   /* [guard] failed_boots */
	unsigned spent;   /* milliseconds that asking took */
	char reason[256]; /* of UNCOUNTED and DOWN, for people; else "" */
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

/*
 * What is remembered from boot to boot, so that a plan with which the machine does not come up is
 * not carried out for ever. A plan is known by its fingerprint (standing.h).
 *
 *   state, at the plan P       | a boot with P begins           | that boot reaches its end
 *   ---------------------------+--------------------------------+------------------------------------
 *   confirmed: P came up once  | binds, nothing is written      | nothing is written
 *   new: another or no P before| binds; tries = 1               | confirmed
 *   on trial: tries < limit    | binds; tries + 1               | confirmed
 *   blamed: tries = limit      | stands down: binds nothing,    | rests + 1; when that is
 * 2^relapses | nothing is written             | (8 at most): on trial with one try | | left,
 * relapses + 1
 *
 * So a plan that is blamed is tried once more after one good boot without it, then after two, four,
 * and eight good boots each. A new plan (another config, another kernel) begins anew; up to
 * BOOT_HISTORY_GOOD plans that came up are remembered, so that going back and forth between kernels
 * costs nothing. What is written, each time once: two boots of a new plan; none of a known one.
 */
#define BOOT_HISTORY_GOOD 3

struct boot_history {
	uint32_t plan;    /* that is on trial or blamed; 0: none */
	uint8_t tries;    /* boots that began with it, and of which none reached its end */
	uint8_t rests;    /* boots without it that did, since it was tried last */
	uint8_t relapses; /* how often it was given one more try */
	uint32_t confirmed[BOOT_HISTORY_GOOD]; /* the one confirmed last first; 0: none */
};

#define BOOT_HISTORY_LIMIT_MAX 9

enum boot_verdict { PLAN_GOOD, PLAN_ON_TRIAL, PLAN_BLOCKED };

/* What of the table holds for a plan, now. Of ON_TRIAL it may be that it has not begun (tries 0).
 */
enum boot_verdict boot_history_word(const struct boot_history *b, uint32_t plan, unsigned limit);

/* A boot begins; *ret_changed: there is something to write, before anything is bound. */
enum boot_verdict boot_history_begin(
	struct boot_history *b, uint32_t plan, unsigned limit, bool *ret_changed);

/* That boot reached its end. True: there is something to write. */
bool boot_history_reached(struct boot_history *b, uint32_t plan, unsigned limit, bool stood_down);

/* Good boots without it that the blamed plan still waits for. */
unsigned boot_history_wait(const struct boot_history *b);

/* The bytes of it: a version, the numbers in little-endian order, a CRC-32 over all before it. */
#define BOOT_HISTORY_SIZE 24
void boot_history_encode(const struct boot_history *b, uint8_t to[static BOOT_HISTORY_SIZE]);

/* False where that is none of ours: of another size or version, or damaged. */
bool boot_history_decode(struct boot_history *ret, const uint8_t *from, size_t len);

#endif
