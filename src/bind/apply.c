/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/apply.h"

#include "base/log.h"
#include "base/str.h"
#include "bind/apply_ctx.h"
#include "bind/unbind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A driver's remove() that takes longer than this won't come back in this boot. */
#define PATIENCE_MS 3000

/* Of the whole time, what is kept for undoing. */
#define UNDO_PART 4

/*
 * A device whose lock somebody holds, or whose probing never ends, holds up who loads its driver: a
 * new driver looks at all devices, one after the other (bus_add_driver in drivers/base/bus.c). But
 * it is registered by then and takes the others one by one. A part of the whole time is kept for
 * that, and none of them waits long, for the bad one is met once more.
 */
#define BEHIND_LOAD_PART 5
#define BEHIND_HUNG_LOAD_MS 700

/* What the modules of `before` may take of the whole time; vfio-pci does not wait for one that
 * hangs. */
#define BEFORE_PART 4

/* Every device has at most five steps, and five come once; undoing takes three a device. */
#define STEPS_MAX(n) (5 * (n) + 5)

static int64_t now_usec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Where the override failed, or the kernel holds a child on the device, it is left alone. */
static bool is_out(const struct apply_ctx *j, size_t i)
{
	const struct device_progress *d = &j->progress->device[i];

	return d->dropped || d->override_error < 0 || (d->in_step && verify_hangs(j, i));
}

/* An override that was there before belongs to somebody else and comes back if we give up; our own
 * does not. Unset reads as "(null)": driver_override_show prints a NULL pointer with %s. */
const char *apply_ctx_former(const struct device_progress *d, const struct verdict *v)
{
	return str_equal(d->former, "(null)") || str_equal(d->former, v->driver) ? "" : d->former;
}

/* What was there goes straight to where the parent looks: who is killed behind the write has told
 * it.
 */
static void do_override(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	d->overridden = true; /* before the write: who is killed in it may have written */
	d->override_error = sysfs_swap(j->options->sysfs, v->device->addr, "driver_override",
		v->driver, d->former, sizeof(d->former));
	d->was_set = str_equal(d->former, v->driver);
	/* What was set already is as it shall be, whatever came of writing it once more. */
	if (d->was_set)
		d->override_error = 0;
	if (d->override_error < 0) {
		d->overridden = false;
		d->former[0] = '\0';
	}
}

static void do_give_back(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	char now[FORMER_MAX];
	const char *former = apply_ctx_former(d, v);

	/* Who is killed before it has read what was there has written nothing. */
	if (d->former[0] == '\0' &&
		sysfs_read(j->options->sysfs, v->device->addr, "driver_override", now,
			sizeof(now)) >= 0 &&
		!str_equal(now, v->driver))
		d->overridden = false;
	/* A lone newline clears it (driver_set_override in drivers/base/driver.c). */
	else if (sysfs_write(j->options->sysfs, v->device->addr, "driver_override",
			 former[0] ? former : "\n") == 0)
		d->overridden = false;
}

static bool same_slot(const struct verdict *a, const struct verdict *b)
{
	return a->device && b->device && pci_addr_same_device(a->device->addr, b->device->addr);
}

/* Where one function of a slot could not get its override, none of the slot may keep one. The
 * verdicts stand in address order: a slot's functions are neighbours. */
static void do_settle(const struct apply_ctx *j)
{
	const struct plan *p = j->plan;

	for (size_t bad = 0; bad < p->n; bad++) {
		const struct device_progress *b = &j->progress->device[bad];
		if (b->override_error == 0 && !b->in_step)
			continue;
		size_t i = bad;
		while (i > 0 && same_slot(&p->verdicts[i - 1], &p->verdicts[bad]))
			i--;
		for (; i < p->n && same_slot(&p->verdicts[i], &p->verdicts[bad]); i++) {
			struct device_progress *d = &j->progress->device[i];
			if (p->verdicts[i].action != ACTION_BIND ||
				!device_same_card(p->verdicts[i].device, p->verdicts[bad].device))
				continue;
			/* Who was killed in its step may have written; who hangs in it holds the
			 * file, and undoing comes to that last. */
			d->dropped |= i != bad;
			if (d->overridden && !verify_hangs(j, i))
				do_give_back(j, &p->verdicts[i], d);
		}
	}
}

/* resourceN_resize takes the exponent of the size (drivers/pci/pci-sysfs.c), from a device that no
 * driver has: before the modules come, or when its host driver has gone. */
static void do_rebar(const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	for (unsigned i = 0; i < v->settings->rebars; i++) {
		char file[32], size[16];
		(void)snprintf(file, sizeof(file), "resource%u_resize", v->settings->rebar[i].bar);
		(void)snprintf(size, sizeof(size), "%u", v->settings->rebar[i].size);
		int r = sysfs_write(j->options->sysfs, v->device->addr, file, size);
		if (r < 0)
			d->rebar_error = r;
	}
}

static void do_unbind(const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	char driver[32];

	verify_driver(j, v, driver);
	if (driver[0] == '\0' || verify_holds(j, v, driver))
		return;
	/* A host driver that works is worth more than a device that nobody can drive. */
	if (!load_is_none(v) && !sysfs_has_driver(j->options->sysfs, v->driver))
		return;
	d->unbind_error = device_unbind(j->options->sysfs, v->device->addr,
		j->options->load_modules, j->options->force, d->in_use);
	if (d->unbind_error == 0 && v->settings)
		do_rebar(j, v, d);
}

/* From our driver: another one it may have got meanwhile keeps it. */
static void do_take_back(const struct apply_ctx *j, const struct verdict *v)
{
	char driver[32], why[IN_USE_WHY_MAX];

	verify_driver(j, v, driver);
	if (str_equal(driver, v->driver))
		(void)device_unbind(
			j->options->sysfs, v->device->addr, j->options->load_modules, false, why);
}

/* A driver that was there before the override does not look again by itself: always probe. */
static void do_probe(const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	d->probe_error = sysfs_probe(j->options->sysfs, v->device->addr);
	d->usec = (unsigned)(now_usec() - j->began);
}

/*
 * Is the firmware's framebuffer in a BAR of this one? vfio-pci removes it from a VGA device only
 * (vfio_pci_vga_init in drivers/vfio/pci/vfio_pci_core.c, since Linux 6.0).
 */
static bool has_framebuffer(const struct apply_ctx *j, const struct verdict *v)
{
	const struct boot_display *b = j->plan->boot;

	return b && (b->by == WITNESS_FRAMEBUFFER || b->by == WITNESS_IOMEM) && b->framebuffer[0] &&
	       v->action == ACTION_BIND && !load_is_none(v) &&
	       pci_addr_compare(b->addr, v->device->addr) == 0;
}

/* Behind the probe: where that fails the host keeps its console. One without a driver, or that is
 * gone by now, holds nothing. */
static void do_framebuffer(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	char driver[32];

	verify_driver(j, v, driver);
	if (!verify_holds(j, v, driver))
		return;
	int r = sysfs_release_framebuffer(j->options->sysfs, j->plan->boot->framebuffer);
	d->framebuffer_error = r == -ENOENT || r == -ENODEV ? 0 : r;
}

static void do_device(const struct apply_ctx *j, enum step_kind kind, size_t i)
{
	const struct verdict *v = &j->plan->verdicts[i];
	struct device_progress *d = &j->progress->device[i];

	bool for_the_host = kind == STEP_NOTE_DRIVER || kind == STEP_RESTORE ||
			    kind == STEP_RESTORE_UNBIND || kind == STEP_RESTORE_PROBE;
	if (!for_the_host && is_out(j, i))
		return;
	d->in_step = true;
	switch (kind) {
	case STEP_OVERRIDE:
		do_override(j, v, d);
		break;
	case STEP_NOTE_DRIVER:
		verify_driver(j, v, d->before);
		d->noted = true;
		break;
	case STEP_REBAR:
		if (d->before[0] == '\0')
			do_rebar(j, v, d);
		break;
	case STEP_UNBIND:
		do_unbind(j, v, d);
		break;
	case STEP_PROBE:
		do_probe(j, v, d);
		break;
	case STEP_FRAMEBUFFER:
		do_framebuffer(j, v, d);
		break;
	case STEP_RESTORE:
		do_give_back(j, v, d);
		break;
	case STEP_RESTORE_UNBIND:
		do_take_back(j, v);
		break;
	case STEP_RESTORE_PROBE: /* of two drivers that want it, the one that had it */
		if (sysfs_attach(j->options->sysfs, v->device->addr, d->before) < 0)
			(void)sysfs_probe(j->options->sysfs, v->device->addr);
		break;
	default:
		break;
	}
	d->in_step = false;
}

static void run_step(void *to, size_t i)
{
	const struct apply_ctx *j = to;

	switch (j->steps[i].kind) {
	case STEP_DROP_SLOT:
		do_settle(j);
		break;
	case STEP_NOTIFY_READY:
		steps_notify_ready(j->options->notify_ready);
		break;
	case STEP_BEFORE:
		load_before(j);
		break;
	case STEP_LOAD:
		load_drivers(j);
		break;
	default:
		do_device(j, j->steps[i].kind, j->steps[i].verdict);
	}
}

/* Did a step that comes once not end? */
static bool once_hangs(const struct apply_ctx *j, enum step_kind kind)
{
	for (size_t i = 0; i < j->n_steps; i++)
		if (j->steps[i].kind == kind)
			return j->state[i] == STEP_TIMED_OUT;
	return false;
}

static unsigned step_timeout_ms(void *to, size_t i)
{
	const struct apply_ctx *j = to;
	unsigned all = j->options->milliseconds;

	if (j->steps[i].kind == STEP_BEFORE)
		return all / BEFORE_PART;
	if (j->steps[i].kind == STEP_LOAD)
		return all - all / UNDO_PART - all / BEHIND_LOAD_PART -
		       (once_hangs(j, STEP_BEFORE) ? all / BEFORE_PART : 0);
	return once_hangs(j, STEP_LOAD) ? BEHIND_HUNG_LOAD_MS : PATIENCE_MS;
}

static void add_step(struct apply_ctx *j, enum step_kind kind, size_t verdict)
{
	j->steps[j->n_steps++] = (struct step){kind, verdict};
}

static void add_for_all(struct apply_ctx *j, enum step_kind kind)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct verdict *v = &j->plan->verdicts[i];
		bool rebar = v->settings && v->settings->rebars > 0;
		if (v->action != ACTION_BIND || (kind == STEP_REBAR && !rebar) ||
			(kind == STEP_PROBE && load_is_none(v)) ||
			(kind == STEP_FRAMEBUFFER && !has_framebuffer(j, v)))
			continue;
		add_step(j, kind, i);
	}
}

/* Where the probes begin, what is left to do is less than undoing it would be. */
static size_t first_probe(const struct apply_ctx *j)
{
	size_t i = 0;

	while (i < j->n_steps && j->steps[i].kind != STEP_PROBE)
		i++;
	return i;
}

static int run_steps(
	struct apply_ctx *j, unsigned milliseconds, struct interrupt *interrupt, struct err *err)
{
	struct steps list = {.n = j->n_steps,
		.run = run_step,
		.patience = step_timeout_ms,
		.to = j,
		.state = j->state,
		.interrupt = interrupt,
		.commit = first_probe(j)};

	memset(j->state, STEP_WAITING, j->n_steps);
	return steps_run(&list, steps_now() + milliseconds, err);
}

static int carry_out(struct apply_ctx *j, struct err *err)
{
	unsigned all = j->options->milliseconds;

	add_for_all(j, STEP_OVERRIDE);
	add_step(j, STEP_DROP_SLOT, 0);
	add_step(j, STEP_NOTIFY_READY, 0);
	add_for_all(j, STEP_NOTE_DRIVER);
	add_for_all(j, STEP_REBAR);
	if (j->options->load_modules && j->plan->config->n_before > 0)
		add_step(j, STEP_BEFORE, 0);
	add_step(j, STEP_LOAD, 0);
	add_for_all(j, STEP_UNBIND);
	add_for_all(j, STEP_PROBE);
	add_for_all(j, STEP_FRAMEBUFFER);
	int r = run_steps(j, all - all / UNDO_PART, j->options->interrupt, err);
	steps_notify_ready(j->options->notify_ready);
	if (once_hangs(j, STEP_BEFORE))
		log_print(LOG_WARNING,
			"[modules] before: loading one of them timed out in the kernel");
	return r;
}

/* Is it on the driver that we have bound it to? */
static bool is_on_ours(const struct apply_ctx *j, size_t i)
{
	const struct verdict *v = &j->plan->verdicts[i];
	const struct device_progress *d = &j->progress->device[i];
	char driver[32];

	verify_driver(j, v, driver);
	return d->noted && !load_is_none(v) && !str_equal(d->before, v->driver) &&
	       str_equal(driver, v->driver);
}

/*
 * An interrupt may come when one function of a card is bound and another is not. A function that
 * was as it should be before we came stays so.
 */
static void drop_halves(const struct apply_ctx *j, struct apply_result *outcomes)
{
	const struct plan *p = j->plan;

	for (size_t bad = 0; verify_interrupted(j) && bad < p->n; bad++) {
		if (!outcomes[bad].attempted || outcomes[bad].holds)
			continue;
		for (size_t i = 0; i < p->n; i++) {
			struct apply_result *o = &outcomes[i];
			if (!o->holds || !same_slot(&p->verdicts[i], &p->verdicts[bad]) ||
				!device_same_card(p->verdicts[i].device, p->verdicts[bad].device) ||
				(j->progress->device[i].was_set && !is_on_ours(j, i)))
				continue;
			o->holds = false;
			(void)snprintf(o->error, sizeof(o->error),
				"%s came before all of its slot was bound",
				interrupt_name(verify_interrupted(j)));
		}
	}
}

/* A device on which a child hangs comes last: its lock may be held, and the others shall not wait
 * for that. */
static int undo_once(struct apply_ctx *j, struct apply_result *outcomes, struct err *err)
{
	const struct plan *p = j->plan;
	size_t free_ones = 0;

	j->n_steps = 0;
	for (int pass = 0; pass <= 1; pass++) {
		for (size_t i = 0; i < p->n; i++)
			if (outcomes[i].attempted && !outcomes[i].holds &&
				j->progress->device[i].overridden &&
				outcomes[i].timed_out == (bool)pass)
				add_step(j, STEP_RESTORE, i);
		if (pass == 0)
			free_ones = j->n_steps;
		for (size_t k = 0; pass == 0 && k < free_ones; k++) {
			size_t i = j->steps[k].verdict;
			bool ours = is_on_ours(j, i);
			if (ours)
				add_step(j, STEP_RESTORE_UNBIND, i);
			if (ours || outcomes[i].after[0] == '\0')
				add_step(j, STEP_RESTORE_PROBE, i);
		}
	}
	if (j->n_steps == 0)
		return 0;
	/* Whoever wants us to end gets that by the undoing: it is not to be interrupted. */
	int r = run_steps(j, j->options->milliseconds / UNDO_PART, NULL, err);
	for (size_t k = 0; k < j->n_steps; k++) {
		size_t i = j->steps[k].verdict;
		verify_driver(j, &p->verdicts[i], outcomes[i].after);
		outcomes[i].reverted = !j->progress->device[i].overridden && !is_on_ours(j, i);
	}
	return r;
}

static bool some_step_died(const struct apply_ctx *j)
{
	return memchr(j->state, STEP_DIED, j->n_steps) != NULL;
}

/* Once more where a child was killed: what it was to give back would else stay, and half a slot. */
static int undo(struct apply_ctx *j, struct apply_result *outcomes, struct err *err)
{
	int r = undo_once(j, outcomes, err);

	if (r == 0 && some_step_died(j))
		r = undo_once(j, outcomes, err);
	return r;
}

static bool some_override_stands(const struct apply_ctx *j)
{
	for (size_t i = 0; i < j->plan->n; i++)
		if (j->progress->device[i].overridden)
			return true;
	return false;
}

/* What could not be given back keeps every host driver away, until somebody takes that back. */
static void name_overrides(const struct apply_ctx *j, struct apply_result *outcomes)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < j->plan->n; i++) {
		struct apply_result *o = &outcomes[i];
		o->overridden = o->attempted && !o->holds && j->progress->device[i].overridden;
		size_t n = strlen(o->error);
		if (o->overridden && !j->plan->config->hold_on_failure)
			(void)snprintf(o->error + n, sizeof(o->error) - n,
				"; its driver_override is still set, `vfio-bind release %s` clears it",
				pci_addr_format(j->plan->verdicts[i].device->addr, address));
	}
}

/* Where something was written, each device's outcome tells what went wrong, not an error. */
static int run(struct apply_ctx *j, struct apply_result *outcomes, struct err *err)
{
	struct err undo_err = {""};
	int r = carry_out(j, err);
	bool written = some_override_stands(j);

	verify(j, outcomes);
	if (!j->plan->config->hold_on_failure)
		drop_halves(j, outcomes);
	if (!j->plan->config->hold_on_failure && undo(j, outcomes, &undo_err) < 0)
		log_print(LOG_ERROR, "can't give devices back: %s", undo_err.text);
	name_overrides(j, outcomes);
	if (written && err)
		err->text[0] = '\0';
	return written ? 0 : r;
}

int apply_plan(struct apply_result **ret, const struct plan *p, const struct apply_options *o,
	struct err *err)
{
	size_t devices = sizeof(struct progress) + p->n * sizeof(struct device_progress);
	struct apply_ctx j = {.plan = p,
		.options = o,
		.progress = steps_shared(devices + STEPS_MAX(p->n)),
		.steps = calloc(STEPS_MAX(p->n), sizeof(*j.steps)),
		.began = now_usec()};
	struct apply_result *outcomes = calloc(p->n + 1, sizeof(*outcomes));
	int r;

	if (!j.progress || !j.steps || !outcomes) {
		r = err_set(err, ENOMEM, "out of memory for %zu devices", p->n);
	} else {
		j.state = (uint8_t *)j.progress + devices;
		r = run(&j, outcomes, err);
	}
	free(j.steps);
	if (r < 0) {
		free(outcomes);
		return r;
	}
	*ret = outcomes;
	return 0;
}
