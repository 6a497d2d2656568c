/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VM_H
#define CLI_VM_H

#include "base/str.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One function that a VM gets, and where it sees it. */
struct guest_function {
	struct pci_addr addr;
	uint8_t function;   /* the guest's; the host's own, but that function 0 always exists */
	unsigned port;      /* root port, from 0: one for each slot of the host */
	bool multifunction; /* function 0 of a slot of which the guest gets more */
	const char *rom;    /* file of its option ROM, or NULL; by reference */
};

#define GUEST_MAX 256
/* Ports are numbered by chassis in eight bits (pcie_chassis.c of QEMU), of which we take the end.
 */
#define GUEST_PORTS_MAX 64

/*
 * Lays functions out as a guest sees them, which the list's slots and ROMs say: sorted by address;
 * those of one slot stay together behind one root port, with the functions' own numbers, so that a
 * driver finds a card's sound where it expects it; where function 0 is not among them, the first
 * takes its place, because no system looks at a slot without one (PCI Local Bus Specification 3.0,
 * section 3.2.2.3.4). false where there are more slots than ports.
 */
bool guest_lay_out(struct guest_function *list, size_t n);

/*
 * The arguments of QEMU, two words a device ("-device", then this), q35 machines only: a
 * pcie-root-port for each slot, at the end of pcie.0 so that no other device of the VM moves, then
 * its functions. Calls say(text, to) for each. No x-vga: it is for a guest without UEFI on hosts
 * whose arbiter of VGA works, which nobody but the user knows.
 */
void guest_qemu(const struct guest_function *list, size_t n,
	void (*say)(const char *device, void *to), void *to);

/*
 * The <hostdev> elements of libvirt, managed='no': the devices are vfio's already and stay so. The
 * root ports are libvirt's to make: only functions that have to stay together get an address, on a
 * bus from `bus` up.
 */
void guest_libvirt(const struct guest_function *list, size_t n, unsigned bus, FILE *f);

/* The text as one word of a shell, quoted where it has to be. */
void guest_quote(const char *text, FILE *f);

#endif
