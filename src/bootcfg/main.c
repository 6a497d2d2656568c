/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/options.h"
#include "bootcfg/args.h"
#include "bootcfg/commands.h"
#include "bootcfg/own.h"
#include "bootcfg/own_image.h"
#include "shared/term.h"

#include <stdio.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

/* EXIT STATUS in vfio-bootcfg(8). */
static int exit_code(enum cmd_result result)
{
	switch (result) {
	case CMD_DONE:
		return 0;
	case CMD_FAILED:
		return 1;
	case CMD_USAGE:
		return 2;
	case CMD_MANAGED:
		return 3;
	case CMD_AMBIGUOUS:
		return 4;
	case CMD_REGENERATE_FAILED:
		return 5;
	case CMD_DIFFERS:
		return 10;
	}
	return 1;
}

static enum cmd_result help(const struct option_row *rows)
{
	puts("Usage: vfio-bootcfg --iommu | --add WORD | --remove WORD | --set K=V | --menu NAME... | --status | --undo [N] | --confirm | --history");
	options_print(rows);
	return CMD_DONE;
}

static enum cmd_result version(void)
{
	puts("vfio-bootcfg " VERSION);
	return CMD_DONE;
}

static enum cmd_result run(struct args *a, int operands, char **argv, struct err *err)
{
	struct root r = {.fd = -1};

	for (int i = 1; i <= operands && a->menu.n > 0; i++)
		if (args_menu(a, argv[i], err) < 0)
			return CMD_FAILED;
	if (args_check(a, operands, argv, err) < 0)
		return CMD_USAGE;
	if (root_open(&r, a->root ? a->root : "/", err) < 0)
		return CMD_FAILED;
	enum cmd_result result;
	if (a->undo)
		result = cmd_undo(a, &r, operands ? argv[1] : NULL, stdout, err);
	else if (a->confirm)
		result = cmd_confirm(a, &r, stdout, err);
	else if (a->history)
		result = cmd_history(a, &r, stdout, err);
	else if (a->refresh_image)
		result = cmd_refresh_image(a, &r, err);
	else if (a->refresh)
		result = cmd_refresh(a, &r, err);
	else if (a->status)
		result = cmd_status(a, &r, stdout, err);
	else
		result = cmd_edit(a, &r, stdout, err);
	root_done(&r);
	return result;
}

static enum cmd_result read_and_run(struct args *a, int argc, char **argv, struct err *err)
{
	int operands = 0;
	const struct option_row rows[] = {
		{.name = "iommu",
			.help = "turn the IOMMU on: what most people want",
			.flag = &a->iommu},
		{.name = "no-pt",
			.help = "without iommu=pt (Arm: iommu.passthrough=1)",
			.flag = &a->no_pt},
		{.name = "cpu",
			.arg = "intel|amd|arm",
			.help = "the processor of that system",
			.value = &a->cpu},
		{.name = "add",
			.arg = "WORD",
			.help = "add a kernel parameter",
			.add = args_add,
			.to = a},
		{.name = "remove",
			.arg = "WORD",
			.help = "remove K, K=V, or with K= any value of K",
			.add = args_remove,
			.to = a},
		{.name = "set",
			.arg = "K=V",
			.help = "make this the only K=",
			.add = args_set,
			.to = a},
		{.name = "ids",
			.help = "vfio-pci.ids= from /etc/vfio-bind.conf, for a vfio-pci built in",
			.flag = &a->ids},
		{.name = "hugepages",
			.arg = "SIZE:COUNT",
			.help = "reserve 1G or 2M pages at boot",
			.add = args_hugepages,
			.to = a},
		{.name = "isolate-cpus",
			.arg = "LIST",
			.help = "keep processors free of the host's work",
			.value = &a->isolate},
		{.name = "acs-override",
			.arg = "WHAT",
			.help = "split IOMMU groups; fakes isolation",
			.value = &a->acs},
		{.name = "release-framebuffer",
			.help = "free the boot display for a guest, where the kernel does not",
			.flag = &a->framebuffer},
		{.name = "menu",
			.arg = "NAME...",
			.help = "an entry beside each kernel's for each of these profiles",
			.add = args_menu,
			.to = a},
		{.name = "refresh",
			.help = "have the entries of --menu follow the kernels, as the hooks do",
			.flag = &a->refresh},
		{.name = "refresh-image",
			.arg = "FILE",
			.help = "give a unified kernel image the profiles of --menu",
			.value = &a->refresh_image},
		{.name = "status",
			.help = "what boots here, and with which parameters",
			.flag = &a->status},
		{.name = "check",
			.help = "change nothing, exit 10 where something would be",
			.flag = &a->check},
		{.name = "undo",
			.arg = NULL,
			.help = "take the last change back, or change N",
			.flag = &a->undo},
		{.name = "addon",
			.help = "put the words into an addon to unified kernel images, beside them",
			.flag = &a->addon},
		{.name = "initrd",
			.arg = "FILE",
			.help = "have the entries load this archive, too; with --add one of its own",
			.value = &a->initrd},
		{.name = "default",
			.help = "with --initrd and --add: that entry of its own boots by default",
			.flag = &a->make_default},
		{.name = "key",
			.arg = "FILE",
			.help = "with --addon or --initrd: the private key to sign it with",
			.value = &a->key},
		{.name = "certificate",
			.arg = "FILE",
			.help = "with --addon: the certificate of that key",
			.value = &a->certificate},
		{.name = "trial",
			.help = "for one boot; what boots by default stays as it is",
			.flag = &a->trial},
		{.name = "confirm",
			.help = "make the last --trial what boots by default",
			.flag = &a->confirm},
		{.name = "once-fallback",
			.help = "keep the default entry as it is beside the edited one",
			.flag = &a->once_fallback},
		{.name = "history",
			.help = "list the changes that can be taken back",
			.flag = &a->history},
		{.name = "dry-run",
			.letter = 'n',
			.help = "print a diff, write nothing",
			.flag = &a->dry_run},
		{.name = "exit-code",
			.help = "with --dry-run: exit 10 where something would change",
			.flag = &a->exit_code},
		{.name = "root", .arg = "DIR", .help = "the system below DIR", .value = &a->root},
		{.name = "boot-loader",
			.arg = "NAME",
			.help = "edit this loader",
			.value = &a->loader},
		{.name = "loader", .arg = "NAME", .help = "the same", .value = &a->loader},
		{.name = "entry",
			.arg = "ID",
			.help = "this entry only, or default, or all",
			.value = &a->entry},
		{.name = "drop-in",
			.help = "add in a file of its own, where the loader reads one",
			.flag = &a->drop_in},
		{.name = "no-regen",
			.help = "leave generated boot files alone",
			.flag = &a->no_regen},
		{.name = "force",
			.help = "let --set replace parameters that add up",
			.flag = &a->force},
		{.name = "yes", .letter = 'y', .help = "do not ask", .flag = &a->yes},
		{.name = "json", .help = "print data as JSON", .flag = &a->json},
		{.name = "quiet", .letter = 'q', .help = "only errors", .flag = &a->quiet},
		{.name = "verbose", .letter = 'v', .help = "print more", .flag = &a->verbose},
		{.name = "help", .letter = 'h', .help = "this text", .flag = &a->help},
		{.name = "version",
			.letter = 'V',
			.help = "the version of this program",
			.flag = &a->version},
		{0},
	};

	if (options_read(rows, argc, argv, &operands, err) < 0)
		return CMD_USAGE;
	return a->version ? version() : a->help ? help(rows) : run(a, operands, argv, err);
}

int main(int argc, char **argv)
{
	struct args a = {0};
	struct err err = {0};

	log_open("vfio-bootcfg", LOG_TO_STDERR, false);
	log_wrap(term_terminal(STDERR_FILENO));
	enum cmd_result result = read_and_run(&a, argc, argv, &err);
	if (err.text[0])
		log_print(LOG_ERROR, "%s", err.text);
	bool data = a.dry_run || a.check || a.status || a.history;
	args_done(&a);
	/* Lost data is a failure; a lost report is not: the files are written. */
	if (fflush(stdout) != 0 && result == CMD_DONE && data)
		result = CMD_FAILED;
	return exit_code(result);
}
