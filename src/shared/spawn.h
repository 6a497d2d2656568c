/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_SPAWN_H
#define SHARED_SPAWN_H

#include "base/err.h"
#include "base/str.h"

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

#endif
