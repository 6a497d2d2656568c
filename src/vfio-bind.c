/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

static const struct command {
	const char *name;
	enum cmd_result (*run)(int argc, char **argv, struct err *err);
	const char *help;
} commands[] = {
	{"boot", cmd_boot, "reserve and bind the devices of the config (run by the initramfs)"},
	{"plan", cmd_plan, "print what boot will do, and why"},
	{"added", cmd_hotplug, "handle a hot-plugged device (run by udev)"},
	{"setup", cmd_setup, "interactive setup; --undo reverts it"},
	{"init", cmd_init, "choose devices and write the config"},
	{"list", cmd_list,
		"show the devices by IOMMU group, with attached disks, NICs and USB devices"},
	{"status", cmd_status, "show requested and current driver of each device"},
	{"record", cmd_record, "collect data for a bug report"},
	{"check", cmd_check, "check config, machine and images"},
	{"bind", cmd_bind, "bind devices to vfio-pci on the running system"},
	{"release", cmd_release, "return devices to their host drivers"},
	{"qemu", cmd_qemu, "print QEMU's arguments for what is bound"},
	{"libvirt", cmd_libvirt, "print libvirt's elements for what is bound"},
	{"rom", cmd_rom, "read an option ROM, list and trim its images"},
};

static void print_help(void)
{
	fputs("Usage: vfio-bind COMMAND [OPTION...]\n\nGives PCI devices to virtual machines, at boot and before any other driver.\n\n",
		stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n`vfio-bind COMMAND --help` tells its options; vfio-bind(8) tells all.\n", stdout);
}

/* The exit codes of vfio-bind(8). */
static int exit_code(enum cmd_result result)
{
	switch (result) {
	case CMD_AS_ASKED:
		return 0;
	case CMD_NOT_ALL:
		return 1;
	case CMD_USAGE:
		return 2;
	case CMD_CONFIG:
		return 3;
	case CMD_SYSTEM:
		return 4;
	}
	return 4;
}

static enum cmd_result run(int argc, char **argv, struct err *err)
{
	if (argc < 2) {
		(void)err_set(err, EINVAL, "say which command; --help lists them");
		return CMD_USAGE;
	}
	if (str_equal(argv[1], "--help") || str_equal(argv[1], "-h")) {
		print_help();
		return CMD_AS_ASKED;
	}
	if (str_equal(argv[1], "--version")) {
		puts("vfio-bind " VERSION);
		return CMD_AS_ASKED;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (str_equal(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1, err);
	(void)err_set(err, EINVAL, "%s: no such command; --help lists them", argv[1]);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	struct err err = {""};
	enum cmd_result result = run(argc, argv, &err);

	if (err.text[0])
		log_print(LOG_ERROR, "%s", err.text);
	log_close();
	return exit_code(result);
}
