/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_EFIVAR_H
#define BASE_EFIVAR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One EFI variable below an open directory (Documentation/filesystems/efivarfs.rst): four bytes of
 * attributes, then its data. Every call may sleep in the firmware without limit: at boot only a
 * child that may be abandoned calls them. `name` is NAME-GUID; err names it.
 */
#define EFIVAR_DATA_MAX 1024

/*
 * Opens the variables, as a directory's descriptor. If efivarfs is mounted at `place`
 * (sys/firmware/ efi/efivars), they are there; if the kernel has efivarfs but it is not mounted, it
 * is mounted privately and invisibly; -ENODEV without a text if the kernel has none. In a tree used
 * as /sys the place is an ordinary directory.
 */
int efivar_open(int place, bool tree, struct err *err) _must_check_;

/*
 * Reads at most size (up to EFIVAR_DATA_MAX) bytes of data, and the attributes (may be NULL).
 * Returns the length of the data, 0 if there is no such variable; -EBADMSG if it is longer.
 */
ssize_t efivar_read(int variables, const char *name, uint32_t *ret_attributes, uint8_t *data,
	size_t size, struct err *err) _must_check_;

/* Replaces it, or creates it with EFIVAR_ATTRIBUTES. A failure leaves the previous data, or
 * nothing. */
int efivar_write(int variables, const char *name, const uint8_t *data, size_t len,
	struct err *err) _must_check_;

/* Kept over a power cycle, accessible to the boot loader and the system. */
#define EFIVAR_ATTRIBUTES 7

/* Removes it; success if there is none. */
int efivar_remove(int variables, const char *name, struct err *err) _must_check_;

#endif
