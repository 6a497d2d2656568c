/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/str.h"
#include "boot/boot.h"
#include "boot/rdinit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

/* The program of an image, /usr/bin/vfio-bind there: what hooks, units and the udev rule run. */
static const struct command {
	const char *name;
	enum cmd_result (*run)(int, char **, const struct boot_host *, struct err *);
	const char *help;
} commands[] = {
	{"boot", boot_run, "reserve and bind the devices of the config"},
	{"plan", plan_run, "print what boot will do, and why"},
	{"hotplug", hotplug_run, "handle a hot-plugged device"},
	{"added", hotplug_run, "the same"},
};
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(void)
{
	fputs("Usage: vfio-bind COMMAND [OPTION...]\n\nThe part of vfio-bind that an initramfs needs.\n\n",
		stdout);
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
}

static enum cmd_result run(int argc, char **argv, struct err *err)
{
	const char *name = argc < 2 ? "" : argv[1];

	if (str_equal(name, "--version") || str_equal(name, "-V")) {
		puts("vfio-bind " VERSION);
		return CMD_AS_ASKED;
	}
	if (str_equal(name, "--help") || str_equal(name, "-h") || str_equal(name, "help")) {
		print_help();
		return CMD_AS_ASKED;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (str_equal(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1, NULL, err);
	(void)err_set(err, EINVAL,
		*name ? "unknown command '%s'; an initramfs has boot, plan and hotplug"
		      : "missing command%s; an initramfs has boot, plan and hotplug",
		name);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	struct err err = {""};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	/* The kernel gives it the words of its command line that it does not know. */
	if (slash && str_equal(slash, "/init"))
		return rdinit_run(argv);
	enum cmd_result result = run(argc, argv, &err);

	if (err.text[0])
		log_print(LOG_ERROR, "%s", err.text);
	log_close();
	return (int)result; /* the exit codes of vfio-bind(8): base/command.h */
}
