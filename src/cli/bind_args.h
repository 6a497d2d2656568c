/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_BIND_ARGS_H
#define CLI_BIND_ARGS_H

#include "base/str.h"
#include "cli/cmd.h"
#include "cli/held.h"
#include "cli/sysroot.h"
#include "core/apply.h"

#include <stdbool.h>

/* What `bind` and `release` share: devices that are named on the command line change hands. */
struct bind_args {
	struct sysroot sysroot;
	const char *run_dir;
	const char *driver; /* of bind: the driver they shall have, or NULL */
	unsigned milliseconds;
	bool force; /* also where somebody uses them, but for disks */
	bool only;  /* no function that is not named */
	bool group; /* all endpoints of their IOMMU groups */
	bool dry_run;
	bool json;
};

/* Reads --timeout, for a row of struct option_row whose `to` is the milliseconds. */
int bind_args_set_seconds(void *to, const char *value, struct err *err);

/* The rows of struct option_row that both have. */
#define BIND_ARGS_OPTIONS(o)                                                                       \
	{"force", 0, NULL, "even if it is in use", NULL, &(o)->force, NULL, NULL},                 \
		{"only", 0, NULL, "only the functions named, without companions", NULL,            \
			&(o)->only, NULL, NULL},                                                   \
		{"group", 0, NULL, "and all endpoints of its IOMMU group", NULL, &(o)->group,      \
			NULL, NULL},                                                               \
		{"timeout", 0, "SECONDS", "return after this time even if a driver hangs (10)",    \
			NULL, NULL, bind_args_set_seconds, &(o)->milliseconds},                    \
		{"run", 0, "DIR", "keep lock and report below DIR instead of " REPORT_DIR,         \
			&(o)->run_dir, NULL, NULL, NULL},                                          \
	{                                                                                          \
		"json", 0, NULL, "print JSON", NULL, &(o)->json, NULL, NULL                        \
	}

/*
 * Plans for the operands (addresses, or paths, as the config writes them) and nothing else, with
 * all guards; with the config's settings, guards and [exclude] where `with_config`, else with the
 * defaults. The drivers are looked up. The result is for finishing with, but for CMD_AS_ASKED;
 * s is to be emptied with ctx_done in each case.
 */
enum cmd_result bind_args_plan(struct ctx *s, const struct bind_args *o, char **operands, int n,
	bool with_config, struct err *err);

/* Whom `bind` and `release` take nothing from. */
struct held_rules bind_args_rules(const struct bind_args *o);

/* Tells who of the plan's IOMMU groups is with a host driver now, so that no VM gets them, and
 * leaves it in the plan. */
void bind_args_tell_groups(struct ctx *s);

/* The report of a device that was bound by hand, which stands beside those that `added` writes, and
 * the note of who had it. */
void bind_args_forget(const struct bind_args *o, struct pci_addr addr);

#endif
