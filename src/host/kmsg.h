/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_KMSG_H
#define HOST_KMSG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The time of a driver's first message about a device in the kernel log: dev_printk starts a
 * message with both names (drivers/base/core.c, __dev_printk). Nothing else in a running system
 * records when a driver was bound. Microseconds since the kernel started; -1 if the log has no such
 * message or cannot be read.
 */
long long kmsg_first(const char *driver, const char *address);

/* True if this record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg) is such a message. */
bool kmsg_matches(const char *record, const char *driver, const char *address, long long *ret_usec);

#endif
