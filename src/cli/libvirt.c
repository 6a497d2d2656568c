/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/log.h"
#include "cli/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* libvirt creates all ports up to this bus: few, but above those of virt-manager's VMs. */
#define BUS_DEFAULT 16
#define BUS_MAX 255

static int set_bus(void *to, const char *value, struct err *err)
{
	unsigned long bus;

	if (!str_decimal(value, BUS_MAX, &bus) || bus == 0)
		return err_set(err, EINVAL, "--bus %s: write a number, 1 to %d", value, BUS_MAX);
	*(unsigned *)to = (unsigned)bus;
	return 0;
}

static void add_element(const struct guest_function *g, const char *element, void *to)
{
	(void)g;
	text_print(to, "%s", element);
}

static void print_element(const struct guest_function *g, const char *element, void *to)
{
	(void)g;
	fputs(element, to);
}

static void json_xml(struct json *j, const struct guest *g)
{
	_cleanup_(text_done) struct text xml = {0};

	guest_libvirt(g->list, g->n, g->bus, add_element, &xml);
	json_string(j, "xml", xml.data ? xml.data : "");
}

/* libvirt searches a ROM in its own directory and in the VM's, not in the current one. */
static bool roms_are_absolute(const struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->n_roms; i++)
		if (g->rom[i].path[0] != '/') {
			(void)err_set(err, EINVAL,
				"--rom: %s: libvirt wants the whole path, from / on",
				g->rom[i].path);
			return false;
		}
	return true;
}

enum cmd_result cmd_libvirt(int argc, char **argv, struct err *err)
{
	struct guest g = {.args.sysroot = SYSROOT_HOST, .bus = BUS_DEFAULT};
	static const struct command_info info = {
		.about =
			"Prints libvirt's <hostdev> elements for the devices that are bound (all of the config's, or those named).",
		.takes = "PCI addresses",
		.operands = "[ADDRESS...]"};
	bool help = false, xml = false;
	const struct option_row rows[] = {
		{"bus", 0, "NUMBER", "first bus in the guest for cards of several functions (16)",
			NULL, NULL, set_bus, &g.bus},
		{"xml", 0, NULL, "print libvirt's XML (the default)", NULL, &xml, NULL, NULL},
		GUEST_OPTIONS(&g),
		SYSROOT_OPTIONS(&g.args.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (xml && g.args.json) {
		(void)err_set(err, EINVAL, "--xml or --json, not both");
		return CMD_USAGE;
	}
	if (!roms_are_absolute(&g, err))
		return CMD_USAGE;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	enum cmd_result r = guest_look(&g, argv + 1, operands, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g.args.json)
		guest_print_json(&g, json_xml);
	else
		guest_libvirt(g.list, g.n, g.bus, print_element, stdout);
	return guest_flush(r, err);
}
