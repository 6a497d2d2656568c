/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_SPAWN_H
#define SHARED_SPAWN_H

#include "base/err.h"
#include "base/interrupt.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs another program of the system (our own setup, vfio-bootcfg) that the user has chosen, with
 * our standard input, output and error and a fixed PATH, and waits for it: it has its own questions
 * and messages. argv ends in NULL; no shell is involved. Returns its exit status (128 + the signal
 * that ended it), or a negative errno if it could not be started.
 */
int spawn_program(const char *const argv[], struct err *err) _must_check_;

/* The same for a program whose exit status alone is needed: no input, and its output is
 * discarded. */
int spawn_silently(const char *const argv[], struct err *err) _must_check_;

/*
 * The same, but the output is appended to *ret (the caller empties it with text_done): at most
 * `max` bytes, -EFBIG beyond that.
 */
int spawn_read(
	const char *const argv[], struct text *ret, size_t max, struct err *err) _must_check_;

/* A program of minutes, which the caller watches. */
struct spawn_watch {
	bool to_stderr; /* its standard output, too */
	bool finish;    /* it must not end half-way: an interrupt is not passed on */
	struct interrupt *interrupt;
	void (*tick)(void *to, unsigned seconds); /* called at least once a second */
	void *to;
};

/*
 * The same as spawn_program, without an input, in a process group of its own: a key at the terminal
 * reaches the caller alone, which holds the interrupts (interrupt_hold), and is passed to the group
 * unless it has to finish.
 */
int spawn_watched(
	const char *const argv[], const struct spawn_watch *w, struct err *err) _must_check_;

/* A program with a bound, in a process group of its own, which ends with it. */
struct spawn_job {
	const char *const *argv;
	const char *name;          /* for messages */
	int in;                    /* its input, -1: none */
	const char *const *locale; /* NAME=VALUE, NULL-terminated: for a user whose environment has
				      no locale; or NULL */
	unsigned seconds;          /* by the monotonic clock; then the group is killed */
	size_t max;                /* bytes of standard output that are read; 0: part of `said` */
	struct interrupt *interrupt; /* or NULL */
	/* Called with the output as it comes, which is then not kept; a negative errno ends the
	 * program and is returned. NULL: it is kept in `out`. */
	int (*take)(void *to, const char *bytes, size_t n);
	void *to;
};
struct spawn_result {
	struct text out;
	struct text said; /* the end of what it printed as messages */
};
void spawn_result_done(struct spawn_result *r);

/*
 * Runs it. Returns its exit status (128 + the signal that ended it, 127: not found), -ETIMEDOUT,
 * -EFBIG for more output than `max`, or another negative errno. An interrupt (held by
 * interrupt_hold) is passed to the group, which has SPAWN_GRACE seconds to end.
 */
#define SPAWN_GRACE 10
int spawn_bounded(
	const struct spawn_job *job, struct spawn_result *ret, struct err *err) _must_check_;

#endif
