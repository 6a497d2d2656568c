/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>

/* The kernel's log levels (include/linux/kern_levels.h), as /dev/kmsg reads them. */
enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

enum log_target { LOG_TO_STDERR, LOG_TO_KMSG };

/*
 * Messages go to standard error, or, in the initramfs, to the kernel log as one record each. Data
 * goes to standard output and never through here. This is the only global state of the program;
 * `name` is kept by reference.
 */
void log_open(const char *name, enum log_target target, bool debug);

/*
 * Writes one message. LOG_DEBUG is dropped unless debug is on. A process writes at most
 * LOG_KMSG_MAX records to the kernel log (the rest is counted and reported by log_close), because
 * /dev/kmsg drops records beyond 10 in 5 s (kernel/printk/printk.c, devkmsg_write), and our
 * messages must not flood a boot log. Debug mode lifts the limit.
 */
#define LOG_KMSG_MAX 10
void log_print(enum log_level level, const char *fmt, ...) _printf_(2, 3);

/* Wraps what goes to standard error at so many columns from now on; 0: one line a message. */
void log_wrap(unsigned columns);

void log_close(void);

#endif
