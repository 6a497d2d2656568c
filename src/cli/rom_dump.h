/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_ROM_DUMP_H
#define CLI_ROM_DUMP_H

#include "base/err.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a function's expansion ROM through its `rom` file: wakes the device, enables the ROM, reads
 * ROM_MAX bytes at most, disables it again and lets the device sleep as before, whatever failed in
 * between. *ret is for the caller to free. -ENOENT where the function has no ROM, -EIO where it
 * shows none.
 */
int dump_rom(struct sysfs *s, struct pci_addr addr, uint8_t **ret, size_t *ret_len,
	struct err *err) _must_check_;

/*
 * Does the kernel show the copy at 0xc0000 that the firmware made of a display's ROM, instead of
 * the ROM itself? It does for the boot display, and for any display where it does not know that one
 * yet (pci_fixup_video, arch/x86/pci/fixup.c): the copy is one for all, and was
 * changed when it ran.
 */
bool dump_is_shadow(struct sysfs *s, struct pci_addr addr);

#endif
