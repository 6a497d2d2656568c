/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "base/json_write.h"
#include "cli/bind_args.h"
#include "cli/cmd.h"
#include "cli/vm.h"

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
	struct rom_file rom[GUEST_MAX];
	size_t n_roms;
	struct guest_function list[GUEST_MAX];
	size_t n;
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
 * those that vfio has, with their ROMs and their slots in the VM. CMD_AS_ASKED; CMD_NOT_ALL if a
 * device is left out (logged) or there is none; else nothing is to be printed.
 */
enum cmd_result guest_look(struct guest *g, char **operands, int n, struct err *err);

/* Prints the devices as JSON, and what more(j, g) adds. */
void guest_print_json(const struct guest *g, void (*more)(struct json *j, const struct guest *g));

/* Returns result, or CMD_SYSTEM if standard output could not be written. */
enum cmd_result guest_flush(enum cmd_result result, struct err *err);

#endif
