/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_STEPS_H
#define CORE_STEPS_H

#include "base/err.h"
#include "base/interrupt.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A list of steps that a child walks through, because each step may hang uninterruptibly in the
 * kernel: a driver that does not unbind, a module that waits for its hardware, a device lock that
 * is taken. The parent only ever waits with a timeout. A child that hangs or dies is abandoned, and
 * a new one continues with the next step, so that one bad device does not stop the others.
 */
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_TIMED_OUT, STEP_DIED, STEP_NOT_RUN };

struct steps {
	size_t n;
	void (*run)(void *to, size_t i); /* runs step i; its results go to shared memory */
	unsigned (*timeout_ms)(void *to, size_t i); /* timeout of step i */
	void *to;
	uint8_t *
		state; /* n of them, in memory from steps_shared; accessed by one child at a time */
	/*
	 * Signals that end the walk before its next step, blocked by the caller (interrupt_hold);
	 * NULL: none. From step `commit` on the walk is finished all the same. In both cases each
	 * remaining step gets at most INTERRUPTED_MS.
	 */
	struct interrupt *interrupt;
	size_t commit;
};

#define INTERRUPTED_MS 1000

/* A child that dies in each step must not become a fork bomb. */
#define CHILDREN_MAX 8

/* Zeroed memory shared by parent and children until the process ends; NULL: out of memory. */
void *steps_shared(size_t size);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t steps_now(void);

/*
 * Walks the list until `deadline` (in the time of steps_now). Afterwards every state is DONE,
 * TIMED_OUT (its child hangs in it), DIED, or NOT_RUN (never begun). Returns 0, or -errno if fork
 * failed for FORK_MS: then the remaining steps are NOT_RUN.
 */
#define FORK_MS 1000
int steps_run(const struct steps *list, int64_t deadline, struct err *err) _must_check_;

/*
 * Forks once, so that the caller can return while the work goes on. In the child returns 0 and sets
 * *ret_notify_ready; in the parent returns the descriptor on which steps_wait waits until the child
 * calls steps_notify_ready or dies; or -errno.
 */
int steps_detach(int *ret_notify_ready, struct err *err) _must_check_;
void steps_notify_ready(int *notify_ready);
int steps_wait(int fd, unsigned milliseconds); /* Returns 0 or -ETIMEDOUT. */

/*
 * Runs another program and waits for it at most so long; then it is killed. Children that it
 * leaves behind are not waited for. SIGCHLD is not blocked afterwards. 0 once it has ended by
 * itself, or -errno with a text: -ETIMEDOUT, and -ECHILD if a signal ended it or it could not be
 * started.
 */
int steps_program(const char *const argv[], unsigned milliseconds, struct err *err) _must_check_;

/* The process becomes another program: returns only if that is not possible. */
void steps_become(const char *const argv[]);

#endif
