/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/log.h"
#include "cli/bind_args.h"
#include "cli/cmd.h"
#include "cli/plan_table.h"
#include "cli/sysroot.h"
#include "core/apply.h"
#include "core/config_values.h"
#include "core/release.h"
#include "core/report.h"
#include "core/run_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MS 10000

static void set_driver(struct plan *p, const char *driver)
{
	for (size_t i = 0; driver && i < p->n; i++)
		p->verdicts[i].driver = driver;
}

/* Saves a report for each slot, named after its first function, as `hotplug` does. */
static int save_reports(const struct bind_args *o, const struct plan *p,
	const struct apply_result *outcomes, struct err *err)
{
	int r = 0;

	for (size_t i = 0, n; i < p->n; i += n) {
		const struct device *d = p->verdicts[i].device;
		bool bound = false;
		for (n = 0; i + n < p->n; n++) {
			const struct device *other = p->verdicts[i + n].device;
			if (n > 0 && !(d && other && pci_addr_same_device(d->addr, other->addr)))
				break;
			bound |= outcomes[i + n].holds;
		}
		struct plan part = *p;
		part.verdicts = p->verdicts + i;
		part.n = n;
		if (!d || !bound)
			continue;
		r = report_save_of(o->run_dir, d->addr, &part, outcomes + i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Half a group is of use to no VM: not all of what was asked for. */
static enum cmd_result show(const struct bind_args *o, const struct ctx *s,
	const struct apply_result *outcomes, struct err *err)
{
	const struct plan *p = &s->plan;

	if (o->json)
		report_print(p, outcomes, NULL, stdout);
	else if (o->dry_run)
		plan_table_print(p, stdout);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	for (size_t i = 0; i < p->n; i++)
		if (outcomes ? !outcomes[i].holds || outcomes[i].unusable
			     : p->verdicts[i].action != ACTION_BIND)
			return CMD_NOT_ALL;
	return s->groups.n > 0 ? CMD_NOT_ALL : CMD_AS_ASKED;
}

static enum cmd_result carry_out(
	const struct bind_args *o, struct ctx *s, const struct host_uses *uses, struct err *err)
{
	struct apply_result *outcomes = NULL;
	struct interrupt interrupt = {0};
	int notify_ready = -1;
	const struct apply_options a = {.sysfs = &s->sysfs,
		.load_modules = !o->sysroot.sysfs,
		.force = o->force,
		.milliseconds = o->milliseconds,
		.notify_ready = &notify_ready,
		.interrupt = &interrupt};

	if (!plan_binds(&s->plan)) {
		report_log(&s->plan, NULL);
		if (bind_args_log_groups(s, uses, err) < 0)
			return CMD_SYSTEM;
		(void)show(o, s, NULL, err);
		return CMD_NOT_ALL;
	}
	interrupt_hold();
	prev_driver_save_all(o->run_dir, &s->plan, &s->sysfs);
	if (apply_plan(&outcomes, &s->plan, &a, err) < 0)
		return CMD_SYSTEM;
	prev_driver_after_bind(o->run_dir, &s->plan, outcomes);
	settings_note_save(o->run_dir, &s->plan, outcomes);
	/* The result is saved before it is printed: standard output may be closed by now. */
	int saved = save_reports(o, &s->plan, outcomes, err);
	(void)interrupt_came(&interrupt);
	interrupt_release();
	report_log_interrupt(&s->plan, outcomes, &interrupt);
	report_log(&s->plan, outcomes);
	if (saved == 0)
		saved = bind_args_log_groups(s, uses, err);
	enum cmd_result r = show(o, s, outcomes, err);
	free(outcomes);
	return saved < 0 ? CMD_SYSTEM : r;
}

static enum cmd_result bind(const struct bind_args *o, char **operands, int n, struct err *err)
{
	_cleanup_(lock_done) int lock = -1;
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(host_uses_done) struct host_uses uses = {0};

	if (!o->dry_run) {
		if (needs_root("bind", o->sysroot.sysfs, err) < 0)
			return CMD_SYSTEM;
		lock = lock_take(o->run_dir, o->milliseconds, err);
		if (lock < 0)
			return CMD_SYSTEM;
	}
	enum cmd_result r = bind_args_plan(&s, o, operands, n, true, err);
	if (r != CMD_AS_ASKED)
		return r;
	set_driver(&s.plan, o->driver);
	if (held_refuse(&s.plan, &s.sysfs, bind_args_rules(o), err) < 0)
		return CMD_SYSTEM;
	if (host_uses_read(&uses, &s.sysfs, &o->sysroot, err) < 0 ||
		bind_args_log_losses(&s, &uses, err) < 0)
		return CMD_SYSTEM;
	if (!o->dry_run)
		return carry_out(o, &s, &uses, err);
	if (bind_args_log_groups(&s, &uses, err) < 0)
		return CMD_SYSTEM;
	return show(o, &s, NULL, err);
}

enum cmd_result cmd_bind(int argc, char **argv, struct err *err)
{
	struct bind_args o = {
		.sysroot = SYSROOT_HOST, .run_dir = REPORT_DIR, .milliseconds = DEFAULT_MS};
	static const struct command_info info = {
		.about = "Takes devices from the host, now and until the next boot.",
		.takes = "PCI addresses, as 0000:0a:00.0",
		.operands = "ADDRESS...",
		.least = 1};
	char driver[DRIVER_NAME_MAX];
	bool help = false;
	const struct option_row rows[] = {
		{"driver", 0, "DRIVER", "bind to DRIVER instead of vfio-pci; none: to no driver",
			&o.driver, NULL, NULL, NULL},
		BIND_ARGS_OPTIONS(&o),
		{"dry-run", 0, NULL, "print what would be done, and do nothing", NULL, &o.dry_run,
			NULL, NULL},
		SYSROOT_OPTIONS(&o.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (o.driver && !parse_driver(o.driver, driver, err))
		return CMD_USAGE;
	o.driver = o.driver ? driver : NULL;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	return bind(&o, argv + 1, operands, err);
}
