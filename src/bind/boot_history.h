/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_BOOT_HISTORY_H
#define BIND_BOOT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
