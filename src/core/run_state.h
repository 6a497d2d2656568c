/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RUN_STATE_H
#define CORE_RUN_STATE_H

#include "base/err.h"
#include "core/bootcount.h"
#include "core/protected.h"

#include <stdbool.h>

/*
 * What boot leaves in DIR/boot-state for the commands of the same boot that come later (`boot` once
 * more, `boot --join`, `hotplug`), DIR being that of the reports. Text, a fact a line:
 *
 *	version 1
 *	bootcount STATE PLAN TRIES LIMIT REASON   (where boot has asked; core/bootcount)
 *	keep ...                                  (core/protected: of the image's record)
 *
 * Kinds that are not known are passed over.
 */
#define RUN_STATE_NAME "boot-state"

struct run_state {
	bool has_bootcount;
	struct bootcount bootcount;
	struct protected_list protected; /* not ended where the file has no whole list */
};

/* Writes it into an open directory (report_dir_open), whole or not at all; bootcount and protected
 * may be NULL. 0 or -errno. */
int run_state_save(int dir, const struct bootcount *bootcount,
	const struct protected_list *protected, struct err *err) _must_check_;

/*
 * Reads it. Where there is none but a report (the image is of 0.2.0), that says no more than
 * whether boot has bound nothing because earlier boots failed. 0; -ENOENT where there is neither;
 * or another -errno. To be emptied with run_state_done in each case.
 */
int run_state_read(struct run_state *ret, const char *dir, struct err *err) _must_check_;
void run_state_done(struct run_state *s);

/* Opens the lock without taking it. A descriptor or -errno. */
int lock_open(const char *run_dir, struct err *err) _must_check_;

/*
 * Takes the lock that all commands that write below /sys share (LOCK_NAME in core/report); waits
 * for it at most so long. The descriptor is for lock_done; or -errno.
 */
int lock_take(const char *run_dir, unsigned milliseconds, struct err *err) _must_check_;

/* Releases the lock, even if a child that timed out still has the descriptor. */
void lock_done(int *lock);

#endif
