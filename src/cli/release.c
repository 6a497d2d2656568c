/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/release.h"

#include "base/command.h"
#include "base/json_write.h"
#include "base/log.h"
#include "cli/bind_args.h"
#include "cli/cmd.h"
#include "cli/sysroot.h"
#include "core/card.h"
#include "core/guard.h"
#include "core/report.h"
#include "core/run_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MS 10000

/* The devices to release: one per verdict of the plan; absent ones have no entry. */
struct back {
	struct release *list;
	bool *refused;
	size_t n;
	const struct plan *plan;
};

static void back_done(struct back *b)
{
	free(b->list);
	free(b->refused);
}

/* A companion is released only if a VM could have it: the others never left the host. */
static bool is_meant(const struct verdict *v)
{
	return v->device && !device_is_fixed(v->device) &&
	       (!v->companion || release_is_vfio(v->device->driver) || !v->device->driver[0]);
}

/* Reads the previous driver that `bind` saved; without a valid one the kernel chooses. */
static void read_prev(struct release *d, const struct device *of, const char *run_dir)
{
	char address[PCI_ADDR_MAX];
	struct err err = {""};

	if (prev_driver_read(&d->prev, run_dir, of, &err) < 0)
		log_print(LOG_WARNING,
			"%s: which host driver had it is not known, the kernel chooses one: %s",
			pci_addr_format(d->addr, address), err.text);
}

static int gather(struct back *ret, struct plan *p, const char *run_dir, struct err *err)
{
	ret->plan = p;
	ret->list = calloc(p->n + 1, sizeof(*ret->list));
	ret->refused = calloc(p->n + 1, sizeof(*ret->refused));
	if (!ret->list || !ret->refused)
		return err_set(err, ENOMEM, "out of memory for %zu devices", p->n);
	for (size_t i = 0; i < p->n; i++) {
		if (!is_meant(&p->verdicts[i]))
			continue;
		p->verdicts[i].action = ACTION_BIND; /* guards check binding, not releasing */
		struct release *d = &ret->list[ret->n++];
		d->addr = p->verdicts[i].device->addr;
		settings_note_read(d, run_dir);
		read_prev(d, p->verdicts[i].device, run_dir);
	}
	return 0;
}

/* While a VM has the device, vfio-pci does not release it. */
static int refuse_held(struct back *b, struct ctx *s, const struct bind_args *o, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		_cleanup_(text_done) struct text users = {0};
		const struct device *d = device_find(&s->host.devices, b->list[i].addr);
		if (!d || !release_is_vfio(d->driver))
			continue;
		int r = held_ask(&users, &s->sysfs, d, bind_args_rules(o), err);
		if (r < 0)
			return r;
		for (size_t k = 0; r > 0 && k < b->n; k++) {
			struct release *other = &b->list[k];
			const struct device *of = device_find(&s->host.devices, other->addr);
			if (!of || !card_same(of, d) || b->refused[k])
				continue;
			b->refused[k] = true;
			(void)snprintf(other->error, sizeof(other->error), "%.200s", users.data);
		}
	}
	return 0;
}

/* Moves the refused devices after the others, which are released together. */
static size_t part_refused(struct back *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->refused[i])
			continue;
		struct release one = b->list[i];
		memmove(&b->list[n + 1], &b->list[n], (i - n) * sizeof(one));
		b->list[n] = one;
		memmove(&b->refused[n + 1], &b->refused[n], i - n);
		b->refused[n++] = false;
	}
	return n;
}

static const char *unfinished(const struct release *d)
{
	return d->unfinished ? "; its driver_override had kept every driver away" : "";
}

static void tell(const struct back *b, size_t done)
{
	char address[PCI_ADDR_MAX], name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < b->n; i++) {
		const struct release *d = &b->list[i];
		pci_addr_format(d->addr, address);
		if (i >= done)
			log_print(LOG_WARNING, "%s is left as it is: %s", address, d->error);
		else if (!d->holds)
			log_print(LOG_ERROR, "%s is not with the host: %s; it has %s", address,
				d->error, d->after[0] ? d->after : "no driver");
		else if (d->other[0])
			log_print(LOG_WARNING, "%s is on %s, not on %s, which had it before: %s",
				address, d->after[0] ? d->after : "no driver", d->prev.driver,
				d->other);
		else if (d->after[0])
			log_print(LOG_INFO, "%s is on %s%s%s", address, d->after,
				str_equal(d->before, d->after) ? " already" : " again",
				unfinished(d));
		else
			log_print(LOG_INFO, "%s is the host's, which has no driver for it%s",
				address, unfinished(d));
	}
	for (size_t i = 0; i < b->plan->n; i++) {
		const struct verdict *v = &b->plan->verdicts[i];
		if (!v->device)
			log_print(LOG_WARNING, "%s: %s", verdict_name(v, name), v->reason);
		else if (device_is_fixed(v->device))
			log_print(LOG_WARNING, "%s is a bridge, which never left the host",
				verdict_name(v, name));
	}
}

/* While a VM has a device of a group, no host driver gets another one of it
 * (iommu_device_use_default_domain, drivers/iommu/iommu.c). */
static void log_groups(struct ctx *s)
{
	const struct groups *g = &s->groups;
	char address[PCI_ADDR_MAX];

	ctx_read_groups(s, GROUPS_VFIO);
	for (size_t i = 0; i < g->n; i++)
		log_print(LOG_NOTICE,
			"%s is of the same IOMMU group (%d) and stays on %s: while a VM has it, no host driver gets one of the group; --group gives it back, too",
			pci_addr_format(g->stay[i].addr, address), g->stay[i].group,
			g->stay[i].driver);
}

static void print_one(struct json *j, const char *address, const char *action,
	const struct release *d, const char *reason)
{
	json_open_object(j, NULL);
	json_string(j, "address", address);
	json_string(j, "action", action);
	json_string(j, "former", d && d->prev.driver[0] ? d->prev.driver : NULL);
	json_string(j, "before", d && d->before[0] ? d->before : NULL);
	json_string(j, "after", d && d->after[0] ? d->after : NULL);
	json_bool(j, "holds", d && d->holds);
	json_string(j, "why", reason && reason[0] ? reason : NULL);
	json_close_object(j);
}

static void print_json(const struct back *b, size_t done)
{
	struct json j = {.f = stdout};
	char address[PCI_ADDR_MAX], name[VERDICT_NAME_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < b->n; i++)
		print_one(&j, pci_addr_format(b->list[i].addr, address),
			i < done ? "release" : "refuse", &b->list[i], b->list[i].error);
	for (size_t i = 0; i < b->plan->n; i++) {
		const struct verdict *v = &b->plan->verdicts[i];
		if (!v->device || device_is_fixed(v->device))
			print_one(&j, verdict_name(v, name), v->device ? "refuse" : "absent", NULL,
				v->reason);
	}
	json_close_array(&j);
	groups_print_json(b->plan->groups, &j);
	json_close_object(&j);
	json_end(&j);
}

/* The device stays with the host: else the next event of udev, or `boot`, would bind it again. */
static void note_released(const struct bind_args *o, struct sysfs *s, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];
	struct err err = {""};

	bind_args_forget(o, addr);
	if (released_note(o->run_dir, s, addr, &err) < 0)
		log_print(LOG_WARNING,
			"%s: that it was released is not noted, a replayed event of udev may take it again: %s",
			pci_addr_format(addr, address), err.text);
}

static enum cmd_result finish(
	const struct bind_args *o, const struct back *b, size_t done, struct err *err)
{
	enum cmd_result r = CMD_AS_ASKED;

	tell(b, done);
	if (o->json)
		print_json(b, done);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	for (size_t i = 0; i < b->n; i++)
		if (!b->list[i].holds)
			r = CMD_NOT_ALL;
	for (size_t i = 0; i < b->plan->n; i++)
		if (!b->plan->verdicts[i].device || device_is_fixed(b->plan->verdicts[i].device))
			r = CMD_NOT_ALL;
	return r;
}

/* Released devices are noted before they are logged: the reader may be gone by then. */
static void end_hold(const struct back *b, const struct bind_args *o, struct sysfs *s,
	struct interrupt *interrupt)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->list[i].holds)
			note_released(o, s, b->list[i].addr);
	int signal = interrupt_came(interrupt);
	interrupt_release();
	if (signal)
		log_print(LOG_NOTICE, "interrupted by %s; what had begun was finished",
			interrupt_name(signal));
}

static enum cmd_result give_back(const struct bind_args *o, char **operands, int n, struct err *err)
{
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	_cleanup_(back_done) struct back b = {0};
	struct interrupt interrupt = {0};
	_cleanup_(lock_done) int lock = lock_take(o->run_dir, o->milliseconds, err);

	if (lock < 0)
		return CMD_SYSTEM;
	enum cmd_result r = bind_args_plan(&s, o, operands, n, false, err);
	if (r != CMD_AS_ASKED)
		return r;
	const struct release_options how = {.sysfs = &s.sysfs,
		.load_modules = !o->sysroot.sysfs,
		.force = o->force,
		.milliseconds = o->milliseconds,
		.interrupt = &interrupt};
	if (gather(&b, &s.plan, o->run_dir, err) < 0 || refuse_held(&b, &s, o, err) < 0)
		return CMD_SYSTEM;
	size_t done = part_refused(&b);
	interrupt_hold();
	if (done > 0 && release_all(b.list, done, &how, err) < 0)
		return CMD_SYSTEM;
	end_hold(&b, o, &s.sysfs, &interrupt);
	log_groups(&s);
	return finish(o, &b, done, err);
}

enum cmd_result cmd_release(int argc, char **argv, struct err *err)
{
	struct bind_args o = {
		.sysroot = SYSROOT_HOST, .run_dir = REPORT_DIR, .milliseconds = DEFAULT_MS};
	static const struct command_info info = {
		.about = "Gives devices back to their host drivers, now and until the next boot.",
		.takes = "PCI addresses, as 0000:0a:00.0",
		.operands = "ADDRESS...",
		.least = 1};
	bool help = false;
	const struct option_row rows[] = {
		BIND_ARGS_OPTIONS(&o),
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.sysroot.sysfs, NULL, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	if (needs_root("release", o.sysroot.sysfs, err) < 0)
		return CMD_SYSTEM;
	return give_back(&o, argv + 1, operands, err);
}
