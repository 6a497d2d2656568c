/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_STEPS_H
#define CORE_STEPS_H

#include "base/err.h"
#include "base/interrupt.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A list of steps that is walked in a child, because each of them may hang in the kernel where no
 * signal reaches: a driver that won't let go, a module that waits for its hardware, a device's lock
 * that somebody holds. The parent only ever waits with a bound. A child that hangs or dies is left
 * behind and a new one goes on with the next step, so that one bad device does not stop the others.
 */
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_TIMED_OUT, STEP_DIED, STEP_NOT_RUN };

struct steps {
	size_t n;
	void (*run)(void *to, size_t i); /* what step i does; its results go to shared memory */
	unsigned (*timeout_ms)(void *to, size_t i); /* milliseconds that step i may take */
	void *to;
	uint8_t *state; /* n of them, in memory from steps_shared; accessed one child at a time */
	/*
	 * Signals that end the walk before its next step, held by the caller (interrupt_hold);
	 * NULL: none does. From step `commit` on the walk is finished all the same. In either case
	 * no step gets more than INTERRUPTED_MS any more.
	 */
	struct interrupt *interrupt;
	size_t commit;
};

#define INTERRUPTED_MS 1000

/* A child that dies in each step must not become a fork bomb. */
#define CHILDREN_MAX 8

/* Zeroed memory that parent and children share, until the process ends; NULL: none left. */
void *steps_shared(size_t size);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t steps_now(void);

/*
 * Walks the list until `deadline` (as steps_now counts). Afterwards every state is DONE, HUNG (left
 * behind in that step), DIED, or LEFT (never begun). 0, or -errno where no child could be made
 * in FORK_MS: then those that remained are LEFT.
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
int steps_wait(int fd, unsigned milliseconds); /* 0, or -ETIMEDOUT */

#endif
