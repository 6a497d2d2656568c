/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SLOT_H
#define PCI_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A PCI address: domain:bus:device.function. The domain has up to eight hexadecimal digits: Intel
 * VMD numbers its domains from 10000 up (drivers/pci/controller/vmd.c).
 */
struct slot {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;   /* 0 to 0x1f */
	uint8_t function; /* 0 to 7 */
};

#define SLOT_MAX sizeof("ffffffff:ff:1f.7")

/* Reads "[domain:]bus:device." at *s and moves *s to the function's place. */
bool slot_read_device(const char **s, struct slot *ret);

/* Reads a whole address, the domain may be left out (0000); false where anything else stands. */
bool slot_parse(const char *s, struct slot *ret);

/* Writes the kernel's spelling ("0000:01:00.0", pci_setup_device in drivers/pci/probe.c). */
const char *slot_format(struct slot slot, char buf[static SLOT_MAX]);

/* Order of addresses, <0, 0 or >0; slot_same_device leaves the function aside. */
int slot_compare(struct slot a, struct slot b);
bool slot_same_device(struct slot a, struct slot b);

#endif
