/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_DUMP_H
#define BIND_DUMP_H

#include "base/err.h"
#include "pci/sysfs.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads a function's expansion ROM through its `rom` file: wakes the device, enables the ROM, reads
 * ROM_MAX bytes at most, disables it again and lets the device sleep as before, whatever failed in
 * between. *ret is for the caller to free. -ENOENT where the function has no ROM, -EIO where it
 * shows none.
 */
int dump_rom(struct sysfs *s, struct slot slot, uint8_t **ret, size_t *ret_len,
	struct err *err) _must_check_;

#endif
