/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_PROMPT_H
#define SHARED_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Line-based questions: no arrow keys and no colours, so that they work over a serial line and
 * under a program that types. End of input counts as "no" and as an empty answer.
 */

/* True only for an answer that begins with y or Y. */
bool prompt_yes(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reads one line (cut at size - 1 bytes) without its newline; false at the end of the input. */
bool prompt_line(const char *question, char *buf, size_t size);

#endif
