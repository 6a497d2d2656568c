/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/file.h"
#include "base/log.h"
#include "base/replace.h"
#include "cli/guest.h"
#include "cli/script_file.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_argument(const char *device, void *to)
{
	FILE *f = to;

	fputs("-device ", f);
	guest_quote(device, f);
	putc('\n', f);
}

static void json_argument(const char *device, void *to)
{
	json_string(to, NULL, "-device");
	json_string(to, NULL, device);
}

static void json_arguments(struct json *j, const struct guest *g)
{
	json_open_array(j, "arguments");
	guest_qemu(g->list, g->n, true, json_argument, j);
	json_close_array(j);
}

/* The script has these devices and no others of vfio-bind. */
static enum cmd_result append(const struct guest *g, struct err *err)
{
	_cleanup_(script_file_done) struct script_file script = {0};
	_cleanup_(text_done) struct text edited = {0};
	int r = script_file_read(&script, g->append, err);

	if (r < 0)
		return r == -EINVAL ? CMD_NOT_ALL : CMD_SYSTEM;
	enum cmd_result result = script_file_edit(
		&edited, &script, g->list, g->remove ? 0 : g->n, err);
	if (result != CMD_AS_ASKED)
		return result;
	r = txn_put_host(g->append, (struct txn_bytes){script.text, script.len},
		(struct txn_bytes){edited.data, edited.len}, err);
	if (r < 0)
		return CMD_SYSTEM;
	if (g->remove)
		log_print(LOG_INFO, "%s: the words are out", g->append);
	else
		log_print(LOG_INFO, "%s: the words for %zu functions are in", g->append, g->n);
	return CMD_AS_ASKED;
}

static enum cmd_result qemu(struct guest *g, char **operands, int n, struct err *err)
{
	if (g->remove)
		return append(g, err);
	enum cmd_result r = guest_look(g, operands, n, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g->append)
		/* A script with half of the devices would start a VM that was not requested. */
		return r == CMD_AS_ASKED ? append(g, err) : r;
	if (g->args.json)
		guest_print_json(g, json_arguments);
	else
		guest_qemu(g->list, g->n, true, print_argument, stdout);
	return guest_flush(r, err);
}

enum cmd_result cmd_qemu(int argc, char **argv, struct err *err)
{
	struct guest g = {.args.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Prints QEMU's -device arguments for the devices that are bound (all of the config's, or those named).",
		.takes = "PCI addresses",
		.operands = "[ADDRESS...]"};
	bool help = false;
	const struct option_row rows[] = {
		{"append", 0, "FILE", "write them into the script FILE, between marks", &g.append,
			NULL, NULL, NULL},
		{"remove", 0, NULL, "take them out of it again", NULL, &g.remove, NULL, NULL},
		GUEST_OPTIONS(&g),
		SYSROOT_OPTIONS(&g.args.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (g.remove && (!g.append || operands > 0)) {
		(void)err_set(err, EINVAL, "--remove goes with --append FILE and no address");
		return CMD_USAGE;
	}
	log_open("vfio-bind", LOG_TO_STDERR, false);
	return qemu(&g, argv + 1, operands, err);
}
