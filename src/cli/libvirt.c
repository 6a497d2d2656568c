/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/dir.h"
#include "base/log.h"
#include "base/replace.h"
#include "cli/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct split {
	const char *directory;
	size_t n; /* files written */
	int r;    /* of the first that could not be written */
	struct err *err;
};

/* `virsh attach-device` takes one device a file. */
static void write_element(const struct guest_function *g, const char *element, void *to)
{
	struct split *split = to;
	char address[PCI_ADDR_MAX];
	_cleanup_(text_done) struct text path = {0};

	if (split->r < 0)
		return;
	text_print(&path, "%s/%s.xml", split->directory, pci_addr_format(g->addr, address));
	split->r = path.failed ? err_set(split->err, ENOMEM, "out of memory")
			       : file_replace_path(
					 path.data, element, strlen(element), 0644, split->err);
	split->n += split->r == 0;
}

static enum cmd_result write_split(const struct guest *g, struct err *err)
{
	struct split split = {.directory = g->split, .err = err};

	split.r = dir_make(g->split, err);
	if (split.r == 0)
		guest_libvirt(g->list, g->n, g->bus, write_element, &split);
	if (split.r < 0)
		return CMD_SYSTEM;
	log_print(LOG_INFO,
		"%s: %zu files, one for each function; attach function 0 of a card last", g->split,
		split.n);
	return CMD_AS_ASKED;
}

static void json_xml(struct json *j, const struct guest *g)
{
	_cleanup_(text_done) struct text xml = {0};

	guest_libvirt(g->list, g->n, g->bus, add_element, &xml);
	json_string(j, "xml", xml.data ? xml.data : "");
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
		{"split", 0, "DIR",
			"write a file for each function into DIR, as virsh attach-device takes it",
			&g.split, NULL, NULL, NULL},
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
	if (g.split && (xml || g.args.json)) {
		(void)err_set(err, EINVAL, "--split goes without --xml and --json");
		return CMD_USAGE;
	}
	if (!guest_roms_are_absolute(&g, err))
		return CMD_USAGE;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	enum cmd_result r = guest_look(&g, argv + 1, operands, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g.split) {
		enum cmd_result written = write_split(&g, err);
		return written == CMD_AS_ASKED ? r : written;
	}
	if (g.args.json)
		guest_print_json(&g, json_xml);
	else
		guest_libvirt(g.list, g.n, g.bus, print_element, stdout);
	return guest_flush(r, err);
}
