/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "base/json_write.h"
#include "base/str.h"
#include "cli/bind_args.h"
#include "cli/cmd.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One function that a VM gets, and its address in the VM. */
struct guest_function {
	struct pci_addr addr;
	uint8_t function; /* in the guest; that of the host, except that function 0 always exists */
	unsigned port;    /* root port, from 0: one for each slot of the host */
	bool multifunction; /* function 0 of a slot with several functions in the guest */
	const char *rom;    /* file of its option ROM, or NULL; by reference */
	struct pci_id id;   /* of the host's device; 0 if not read, like the next */
	uint32_t class;
};

#define GUEST_MAX 256
/* Ports are numbered by chassis in eight bits (pcie_chassis.c of QEMU), of which the upper ones are
 * used. */
#define GUEST_PORTS_MAX 64

/*
 * Lays functions out for the guest, by the host's slots: sorted by address; those of one slot are
 * together below one root port, with their own function numbers, so that a driver finds a card's
 * audio function where it expects it; without function 0, the first one becomes function 0, because
 * no system probes a slot without it (PCI Local Bus Specification 3.0, section 3.2.2.3.4). False if
 * there are more slots than ports.
 */
bool guest_lay_out(struct guest_function *list, size_t n);

/*
 * The arguments of QEMU, two words per device ("-device", then this): for machines with PCI Express
 * (q35) a pcie-root-port for each slot, at the end of pcie.0 so that no other device of the VM
 * moves, then its functions; for i440fx its functions in a slot of pci.0, from 10 up. Calls
 * say(text, to) for each. No x-vga: it is for a guest without UEFI on a host with a working VGA
 * arbiter, which only the user can know.
 */
void guest_qemu(const struct guest_function *list, size_t n, bool pcie,
	void (*say)(const char *device, void *to), void *to);

/* Where a function is in the VM of libvirt. */
struct guest_place {
	unsigned bus, slot;
	const char *alias; /* of the element, or NULL */
};

/*
 * Adds the <hostdev> element of libvirt, in lines, managed='no': the device is on vfio-pci already
 * and stays there. at NULL: libvirt chooses the address.
 */
void guest_hostdev(const struct guest_function *g, const struct guest_place *at, struct text *t);

/*
 * Calls say(g, element, to) for each. libvirt creates the root ports: only functions that have to
 * stay together get an address, on a bus from `bus` up.
 */
void guest_libvirt(const struct guest_function *list, size_t n, unsigned bus,
	void (*say)(const struct guest_function *g, const char *element, void *to), void *to);

/* Prints the text as one word of a shell, quoted if necessary. */
void guest_quote(const char *text, FILE *f);

/* Shared by `qemu` and `libvirt`: the functions passed to a VM, and their ROMs. */
struct rom_file {
	struct pci_addr addr;
	const char *path;
};

struct guest {
	struct bind_args args; /* only sysroot, only, json are used */
	const char *append;    /* of qemu: the script, or NULL */
	bool remove;
	unsigned bus; /* of libvirt: the first bus for cards of several functions */
	const char
		*split; /* of libvirt: the directory that gets a file for each function, or NULL */
	struct rom_file rom[GUEST_MAX];
	size_t n_roms;
	struct guest_function list[GUEST_MAX];
	size_t n;
	bool later;      /* of vm: what bind would take is taken, too, with a warning */
	bool by_turns;   /* ... without one: they are bound when the VM starts */
	size_t left_out; /* requested, but not on vfio */
};

/* Parses ADDRESS=FILE, for a row of struct option_row whose `to` is the guest. */
int guest_add_rom(void *to, const char *value, struct err *err);

/* The rows of struct option_row for both commands. */
#define GUEST_OPTIONS(g)                                                                           \
	{"rom", 0, "ADDRESS=FILE", "the option ROM of a device (more than once)", NULL, NULL,      \
		guest_add_rom, (g)},                                                               \
		{"only", 0, NULL, "only the functions named, without companions", NULL,            \
			&(g)->args.only, NULL, NULL},                                              \
	{                                                                                          \
		"json", 0, NULL, "print JSON", NULL, &(g)->args.json, NULL, NULL                   \
	}

/*
 * Fills the list: the devices of the operands, or, without any, those that the config selects; only
 * those that vfio has (or will have: `later`), with their ROMs and their slots in the VM.
 * CMD_AS_ASKED; CMD_NOT_ALL if a device is left out (logged) or there is none; else nothing is to
 * be printed.
 */
enum cmd_result guest_look(struct guest *g, char **operands, int n, struct err *err);

/* Prints the devices as JSON, and what more(j, g) adds. */
void guest_print_json(const struct guest *g, void (*more)(struct json *j, const struct guest *g));

/* Returns result, or CMD_SYSTEM if standard output could not be written. */
enum cmd_result guest_flush(enum cmd_result result, struct err *err);

/* libvirt searches a ROM in its own directory and in the VM's, not in the current one. */
bool guest_roms_are_absolute(const struct guest *g, struct err *err);

#endif
