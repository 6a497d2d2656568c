/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_EFIVAR_H
#define CORE_EFIVAR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One small EFI variable of our own, the only thing that is read and written before any disk is
 * there and that a boot does not forget. Every call may sleep in the firmware for as long as that
 * likes: at boot only a child that can be left behind may make them.
 */
#define EFIVAR_NAME "VfioBindBoots-abefdaba-3bb4-4fd2-972c-9a0ea7abd4c9"
#define EFIVAR_DATA_MAX 64

/*
 * Opens the place of the variables below sysfs (NULL: /sys), which asks the firmware nothing:
 * -ENOENT on a machine without EFI, at the price of one system call.
 */
int efivar_place(const char *sysfs) _must_check_;

/*
 * The variables themselves, as a directory's descriptor. They are in that place where efivarfs is
 * mounted there; where the kernel has efivarfs but nobody mounted it, it is mounted for us alone,
 * and nobody sees that. The module is loaded (which takes a quarter of the time that vfio does)
 * only with `load`. In a tree that stands for /sys the place is a directory as any other.
 */
int efivar_open(int place, bool tree, bool load, struct err *err) _must_check_;

/* The length of the variable's data, 0 where there is none; -EBADMSG where it is no data of ours.
 */
ssize_t efivar_read(int variables, uint8_t *data, size_t size, struct err *err) _must_check_;

/* Replaces it, or makes it. What failed leaves what was there before, or nothing. */
int efivar_write(int variables, const uint8_t *data, size_t len, struct err *err) _must_check_;

/* Removes it; that there is none is success. */
int efivar_remove(int variables, struct err *err) _must_check_;

#endif
