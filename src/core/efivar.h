/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_EFIVAR_H
#define CORE_EFIVAR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One small EFI variable of our own, the only data that survives a boot and can be read and written
 * before any disk is available. Every call may sleep in the firmware without limit: at boot only a
 * child that may be abandoned calls them.
 */
#define EFIVAR_NAME "VfioBindBoots-abefdaba-3bb4-4fd2-972c-9a0ea7abd4c9"
#define EFIVAR_DATA_MAX 64

/*
 * Opens the directory of the variables below sysfs (NULL: /sys), without a firmware call: -ENOENT
 * on a machine without EFI, with one system call.
 */
int efivar_place(const char *sysfs) _must_check_;

/*
 * Opens the variables, as a directory's descriptor. If efivarfs is mounted, they are in that place;
 * if the kernel has efivarfs but it is not mounted, it is mounted privately and invisibly. The
 * module is loaded (in a quarter of vfio's time) only with `load`. In a tree used as /sys the place
 * is an ordinary directory.
 */
int efivar_open(int place, bool tree, bool load, struct err *err) _must_check_;

/* Returns the length of the variable's data, 0 if there is none; -EBADMSG if the data is not
 * ours. */
ssize_t efivar_read(int variables, uint8_t *data, size_t size, struct err *err) _must_check_;

/* Replaces it, or creates it. A failure leaves the previous data, or nothing. */
int efivar_write(int variables, const uint8_t *data, size_t len, struct err *err) _must_check_;

/* Removes it; success if there is none. */
int efivar_remove(int variables, struct err *err) _must_check_;

#endif
