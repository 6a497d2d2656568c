/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include "base/err.h"

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
