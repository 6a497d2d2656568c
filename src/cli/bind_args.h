/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_BIND_ARGS_H
#define CLI_BIND_ARGS_H

#include "base/err.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "cli/sysroot.h"
#include "core/apply.h"
#include "core/plan.h"
#include "host/host_loss.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * Devices in use on a running system, for every command that unbinds: as the kernel reports it
 * (core/in_use), and by the names of the processes that have a node open (host/in_use_by).
 */
struct held_rules {
	bool live;  /* sysfs is that of this machine */
	bool force; /* open nodes and interfaces are ignored, with a warning; a claim never is */
};

/*
 * Checks whether a device in use has to stay. 1, with the text "in use" and the reason; 0; or
 * -ENOMEM.
 */
int held_ask(struct text *ret, struct sysfs *s, const struct device *d, struct held_rules rules,
	struct err *err) _must_check_;

/* Refuses, slot by slot, devices that are in use on a host driver. 0 or -ENOMEM. */
int held_refuse(
	struct plan *p, struct sysfs *s, struct held_rules rules, struct err *err) _must_check_;

/* The options of `bind` and `release`: both take devices named on the command line. */
struct bind_args {
	struct sysroot sysroot;
	const char *run_dir;
	const char *driver; /* of bind: the requested driver, or NULL */
	unsigned milliseconds;
	bool force; /* also if they are in use, but not for disks */
	bool only;  /* only the named functions */
	bool group; /* all endpoints of their IOMMU groups */
	bool dry_run;
	bool json;
};

/* Parses --timeout, for a row of struct option_row whose `to` is the milliseconds. */
int bind_args_set_seconds(void *to, const char *value, struct err *err);

/* The rows of struct option_row for both commands. */
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
 * Plans for the operands (addresses, or paths, as in the config) and nothing else, with all guards;
 * with the config's settings, guards and [exclude] if `with_config`, else with the defaults. Reads
 * the current drivers. Any result but CMD_AS_ASKED ends the command; s is to be emptied with
 * ctx_done in each case.
 */
enum cmd_result bind_args_plan(struct ctx *s, const struct bind_args *o, char **operands, int n,
	bool with_config, struct err *err);

/* The rules for devices in use, for `bind` and `release`. */
struct held_rules bind_args_rules(const struct bind_args *o);

/* Logs what the host loses by the plan. 0 or -ENOMEM. */
int bind_args_log_losses(
	const struct ctx *s, const struct host_uses *u, struct err *err) _must_check_;

/* Logs the devices of the plan's IOMMU groups that are on a host driver, because no VM gets such a
 * group, with what the host would lose by them, and leaves them in s. 0 or -ENOMEM. */
int bind_args_log_groups(struct ctx *s, const struct host_uses *u, struct err *err) _must_check_;

/* Removes the report of a device that was bound by hand, which is beside those of `hotplug`, and
 * the note of who had it. */
void bind_args_forget(const struct bind_args *o, struct pci_addr addr);

#endif
