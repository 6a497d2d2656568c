/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_KMSG_H
#define HOST_KMSG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * When the kernel log has a driver speak of a device for the first time: what dev_printk prints
 * begins with both names (drivers/base/core.c, __dev_printk). Nothing else in a running system
 * remembers when a driver came. Microseconds since the kernel started; -1 where the log does not
 * say, or not to us.
 */
long long kmsg_first(const char *driver, const char *address);

/* Is this record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg) one of those? */
bool kmsg_matches(const char *record, const char *driver, const char *address, long long *ret_usec);

#endif
