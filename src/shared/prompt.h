/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_PROMPT_H
#define SHARED_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Line-based questions: no arrow keys and no colours, so that they work over a serial line and
 * under a program that types. They read standard input by read(2). The end of the input counts as
 * "no", and so does a signal that asks the process to end while the caller holds them
 * (interrupt_hold), which the caller then finds by interrupt_came.
 */

/* True only for y or yes; asks again for anything but these, n, no and an empty answer. */
bool prompt_yes(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* True once a question met the end of the input, or such a signal: what follows is not asked. */
bool prompt_ended(void);

/* Reads one line without its newline; asks again for one of size bytes or more. False at the end of
 * the input. */
bool prompt_line(const char *question, char *buf, size_t size);

#endif
