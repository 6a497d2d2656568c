/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_ADDRESS_H
#define PCI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A PCI address: domain:bus:device.function. The domain has up to eight hexadecimal digits: Intel
 * VMD numbers its domains from 10000 up (drivers/pci/controller/vmd.c).
 */
struct pci_addr {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;   /* 0 to 0x1f */
	uint8_t function; /* 0 to 7 */
};

#define PCI_ADDR_MAX sizeof("ffffffff:ff:1f.7")

/* Reads "[domain:]bus:device." at *s and moves *s to the function number. */
bool pci_addr_read_device(const char **s, struct pci_addr *ret);

/* Reads a whole address; the domain may be left out (0000). False for anything else. */
bool pci_addr_parse(const char *s, struct pci_addr *ret);

/* Writes the kernel's spelling ("0000:01:00.0", pci_setup_device in drivers/pci/probe.c). */
const char *pci_addr_format(struct pci_addr addr, char buf[static PCI_ADDR_MAX]);

/* Address order: <0, 0 or >0. pci_addr_same_device ignores the function, pci_addr_same_bus the
 * device, too. */
int pci_addr_compare(struct pci_addr a, struct pci_addr b);
bool pci_addr_same_device(struct pci_addr a, struct pci_addr b);
bool pci_addr_same_bus(struct pci_addr a, struct pci_addr b);

#endif
