/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/str.h"
#include "boot/boot.h"
#include "core/apply.h"
#include "core/card.h"
#include "core/release.h"
#include "core/report.h"
#include "core/run_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* udev itself gives up after 180 s (udev.conf(5), event_timeout). */
#define MILLISECONDS 10000

struct added {
	const struct boot_host *host; /* or NULL, in an image */
	struct sysroot sysroot;
	const char *run_dir;
	struct pci_addr addr;
};

/* Drops from the plan all but the verdicts of this card or virtual function: boot handles the
 * rest. */
static void keep_card(struct plan *p, const struct device *added)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (added && p->verdicts[i].device && card_same(p->verdicts[i].device, added))
			p->verdicts[n++] = p->verdicts[i];
	p->n = n;
}

/* True if nothing is to do: a coldplug sends "add" for devices that boot has bound. */
static bool holds_already(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND &&
			!str_equal(v->device->driver,
				str_equal(v->driver, NO_DRIVER) ? "" : v->driver))
			return false;
	}
	return true;
}

/* Writes a report beside the boot report for each hot-plugged device, in a directory named by its
 * address. */
static enum cmd_result carry_out(const struct added *o, struct ctx *s, struct err *err)
{
	struct apply_result *outcomes = NULL;
	enum cmd_result result = CMD_AS_ASKED;
	struct interrupt interrupt = {0};
	int notify_ready = -1;
	const struct apply_options a = {.sysfs = &s->sysfs,
		.load_modules = !o->sysroot.sysfs,
		.milliseconds = MILLISECONDS,
		.notify_ready = &notify_ready,
		.interrupt = &interrupt};

	interrupt_hold();
	if (apply_plan(&outcomes, &s->plan, &a, err) < 0)
		return CMD_SYSTEM;
	settings_note_save(o->run_dir, &s->plan, outcomes);
	report_log_interrupt(&s->plan, outcomes, &interrupt);
	report_log(&s->plan, outcomes);
	for (size_t i = 0; i < s->plan.n; i++)
		if (!outcomes[i].holds)
			result = CMD_NOT_ALL;
	if (report_save_of(o->run_dir, o->addr, &s->plan, outcomes, err) < 0)
		result = CMD_SYSTEM;
	free(outcomes);
	return result;
}

/*
 * Most new devices are not in the config, and a machine may have thousands: the card alone decides
 * that. Only for a configured one are all devices read, because guards and "=id" need the others.
 */
static enum cmd_result take(struct added *o, const struct boot_switch *b, struct err *err)
{
	int r = ctx_may_match(&o->sysroot, b, o->addr, err);

	if (r <= 0)
		return r < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
	/* One at a time, and after what boot left running: `load = background`. */
	_cleanup_(lock_done) int lock = lock_take(o->run_dir, MILLISECONDS, err);
	if (lock < 0)
		return CMD_SYSTEM;
	_cleanup_(run_state_done) struct run_state boot;
	(void)!run_state_read(&boot, o->run_dir, NULL);
	o->sysroot.state = &boot;
	_cleanup_(ctx_done) struct ctx s;
	r = ctx_read(&s, &o->sysroot, b, err);
	if (r < 0)
		return r == -EINVAL ? CMD_CONFIG : CMD_SYSTEM;
	keep_card(&s.plan, device_find(&s.host.devices, o->addr));
	probe_drivers(&s.host, &s.sysfs);
	ctx_ask_crash(&s, &o->sysroot);
	if (s.plan.off || holds_already(&s.plan) || boot.bootcount.state == BOOT_BAD)
		return CMD_AS_ASKED;
	/* Events are replayed (`udevadm trigger`): what the host works with by then stays. */
	released_refuse(&s.plan, o->run_dir, &s.sysfs);
	if (!plan_binds(&s.plan)) {
		report_log(&s.plan, NULL);
		return CMD_AS_ASKED;
	}
	if (boot_refuse_in_use(&s.plan, &s.sysfs, !o->sysroot.sysfs, o->host, err) < 0)
		return CMD_SYSTEM;
	return carry_out(o, &s, err);
}

enum cmd_result hotplug_run(int argc, char **argv, const struct boot_host *host, struct err *err)
{
	struct added o = {.host = host,
		.sysroot.acts = true,
		.sysroot.find = host ? host->find : NULL,
		.sysroot.variants = host ? host->variants : NULL,
		.run_dir = REPORT_DIR};
	static const struct command_info info = {
		.about =
			"Binds a device that came after boot, if the config asks for it; what the udev rule runs.",
		.takes = "one PCI address, as 0000:0a:00.0",
		.operands = "ADDRESS",
		.least = 1,
		.most = 1,
		.at_boot = true};
	bool help = false;
	const struct option_row rows[] = {
		SYSROOT_OPTIONS(&o.sysroot),
		{"run", 0, "DIR", "write the report below DIR instead of " REPORT_DIR, &o.run_dir,
			NULL, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	if (!pci_addr_parse(argv[1], &o.addr)) {
		(void)err_set(err, EINVAL, "%s takes %s", argv[0], info.takes);
		return CMD_USAGE;
	}
	struct boot_switch b = sysroot_switch(&o.sysroot);
	log_open("vfio-bind", o.sysroot.sysfs ? LOG_TO_STDERR : LOG_TO_KMSG, b.debug);
	return b.mode == BOOT_BIND ? take(&o, &b, err) : CMD_AS_ASKED;
}
