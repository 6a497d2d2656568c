/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "shared/term.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

static const struct command {
	const char *name;
	enum cmd_result (*run)(int argc, char **argv, struct err *err);
	const char *help;
} commands[] = {
	{"setup", cmd_setup, "interactive setup; --undo reverts it"},
	{"list", cmd_list,
		"show the devices by IOMMU group, with attached disks, NICs and USB devices"},
	{"status", cmd_status, "show requested and current driver of each device"},
	{"check", cmd_check, "check config, machine and images"},
	{"plan", cmd_plan, "print what boot will do, and why"},
	{"init", cmd_init, "choose devices and write the config"},
	{"bind", cmd_bind, "bind devices to vfio-pci on the running system"},
	{"release", cmd_release, "return devices to their host drivers"},
	{"rom", cmd_rom, "read an option ROM, list and trim its images"},
	{"qemu", cmd_qemu, "print QEMU's arguments for what is bound"},
	{"libvirt", cmd_libvirt, "print libvirt's elements for what is bound"},
	{"image", cmd_image, "write one archive that makes any initramfs bind"},
	{"vm", cmd_vm, "put devices into a VM that exists, and out of it"},
	{"record", cmd_record, "collect data for a bug report"},
	{"boot", cmd_boot, "reserve and bind the devices of the config (run by the initramfs)"},
	{"hotplug", cmd_hotplug, "handle a hot-plugged device (run by udev)"},
};

static void print_help(void)
{
	fputs("Usage: vfio-bind COMMAND [OPTION...]\n\nBinds PCI devices to vfio-pci for virtual machines, at boot before any other driver.\n\n",
		stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\nSee `vfio-bind help COMMAND` for its options and vfio-bind(8) for everything.\n",
		stdout);
}

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct command *command_find(const char *name)
{
	if (str_equal(name, "added")) /* its name up to 0.2.0, which older udev rules have */
		name = "hotplug";
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (str_equal(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static const char *command_name(const void *of, size_t i)
{
	(void)of;
	return i < N_COMMANDS ? commands[i].name : NULL;
}

static enum cmd_result unknown_command(const char *name, struct err *err)
{
	const char *closest = options_closest(name, command_name, NULL);

	if (closest)
		(void)err_set(
			err, EINVAL, "unknown command '%s'; did you mean '%s'?", name, closest);
	else
		(void)err_set(err, EINVAL, "unknown command '%s'; --help lists them", name);
	return CMD_USAGE;
}

/* `help`, and `help COMMAND`. */
static enum cmd_result help(int argc, char **argv, struct err *err)
{
	char option[] = "--help";

	if (argc < 2) {
		print_help();
		return CMD_AS_ASKED;
	}
	const struct command *command = command_find(argv[1]);
	if (!command)
		return unknown_command(argv[1], err);
	char *words[] = {argv[1], option, NULL};
	return command->run(2, words, err);
}

static enum cmd_result run(int argc, char **argv, struct err *err)
{
	if (argc < 2) {
		(void)err_set(err, EINVAL, "missing command; --help lists them");
		return CMD_USAGE;
	}
	const char *name = argv[1];
	if (str_equal(name, "--version") || str_equal(name, "-V")) {
		puts("vfio-bind " VERSION);
		return CMD_AS_ASKED;
	}
	if (str_equal(name, "help") || str_equal(name, "--help") || str_equal(name, "-h"))
		return help(str_equal(name, "help") ? argc - 1 : 1, argv + 1, err);
	const struct command *command = command_find(name);
	return command ? command->run(argc - 1, argv + 1, err) : unknown_command(name, err);
}

int main(int argc, char **argv)
{
	struct err err = {""};
	log_wrap(term_terminal(STDERR_FILENO));
	enum cmd_result result = run(argc, argv, &err);

	if (err.text[0])
		log_print(LOG_ERROR, "%s", err.text);
	log_close();
	return (int)result; /* the exit codes of vfio-bind(8): base/command.h */
}
