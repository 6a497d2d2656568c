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
 * ROM_MAX bytes at most, disables it again and restores power/control, even after a failure. *ret
 * is to be freed by the caller. -ENOENT if the function has no ROM, -EIO if it shows none.
 */
int dump_rom(struct sysfs *s, struct pci_addr addr, uint8_t **ret, size_t *ret_len,
	struct err *err) _must_check_;

struct rom_bytes {
	uint8_t *data;
	size_t len;
};

/* The same; of a tree in place of /sys (live is false) the file is only read. A negative errno; the
 * caller empties it with rom_bytes_done in each case. */
int rom_bytes_read(
	struct rom_bytes *ret, struct sysfs *s, struct pci_addr addr, bool live) _must_check_;
void rom_bytes_done(struct rom_bytes *b);

/*
 * True if the kernel shows the copy at 0xc0000 that the firmware made of a display's ROM, instead
 * of the ROM itself. It does so for the boot display, and for any display as long as the boot
 * display is unknown (pci_fixup_video, arch/x86/pci/fixup.c): there is one copy for all, and it
 * changed when it was run.
 */
bool dump_is_shadow(struct sysfs *s, struct pci_addr addr);

#endif
