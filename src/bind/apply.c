/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/apply.h"

#include "base/log.h"
#include "base/str.h"
#include "bind/child.h"
#include "bind/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A driver's remove() that takes longer than this won't come back in this boot. */
#define PATIENCE_MS 3000

/* Of the whole time, what is kept for undoing. */
#define UNDO_PART 4

#define NO_DRIVER "none"

enum step_kind {
	OVERRIDE,
	SETTLE,
	LET_GO,
	NOTE_DRIVER,
	REBAR,
	LOAD,
	UNBIND,
	PROBE,
	GIVE_BACK,
	PROBE_HOST
};

struct step {
	enum step_kind kind;
	size_t verdict;
};

/* What the children find out, in shared memory; each device's is written by one child at a time. */
struct progress {
	struct err modules; /* why modules could not be loaded, "" */
	struct device_progress {
		int override_error, rebar_error, unbind_error, probe_error;
		bool overridden; /* our override was written */
		bool hangs;      /* the kernel holds a child in one of its steps */
		bool dropped;    /* another function of its slot could not get its override */
		unsigned usec;
		char former[DRIVER_NAME_MAX];
		char before[32];
	} device[];
};

struct job {
	const struct plan *plan;
	const struct apply_options *options;
	struct progress *progress;
	struct step *steps;
	size_t n_steps;
	volatile uint8_t *state;
	int64_t began; /* microseconds */
};

static int64_t now_usec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool wants_none(const struct verdict *v)
{
	return str_equal(v->driver, NO_DRIVER);
}

static void read_driver(const struct job *j, const struct verdict *v, char buf[static 32])
{
	if (sysfs_link(j->options->sysfs, v->device->slot, "driver", buf, 32) < 0)
		(void)snprintf(buf, 32, "?");
}

static void step_override(const struct job *j, const struct verdict *v, struct device_progress *d)
{
	char former[64] = "";

	d->overridden = true; /* before the write: who is killed in it may have written */
	d->override_error = sysfs_swap(j->options->sysfs, v->device->slot, "driver_override",
		v->driver, former, sizeof(former));
	if (d->override_error < 0)
		d->overridden = false;
	/* An override that was there before belongs to somebody else and comes back if we give up.
	 * Unset reads as "(null)": driver_override_show prints a NULL pointer with %s. */
	else if (!str_equal(former, "(null)") && !str_equal(former, v->driver))
		(void)snprintf(d->former, sizeof(d->former), "%.31s", former);
}

static void step_give_back(const struct job *j, const struct verdict *v, struct device_progress *d)
{
	/* A lone newline clears it (driver_set_override in drivers/base/driver.c). */
	if (sysfs_write(j->options->sysfs, v->device->slot, "driver_override",
		    d->former[0] ? d->former : "\n") == 0)
		d->overridden = false;
}

/* Where one function of a slot could not get its override, none of the slot may keep one. */
static void step_settle(const struct job *j)
{
	const struct plan *p = j->plan;

	for (size_t bad = 0; bad < p->n; bad++) {
		if (p->verdicts[bad].action != ACTION_BIND ||
			j->progress->device[bad].override_error == 0)
			continue;
		for (size_t i = 0; i < p->n; i++) {
			const struct verdict *v = &p->verdicts[i];
			if (i == bad || v->action != ACTION_BIND ||
				!slot_same_device(v->device->slot, p->verdicts[bad].device->slot))
				continue;
			j->progress->device[i].dropped = true;
			if (j->progress->device[i].overridden)
				step_give_back(j, v, &j->progress->device[i]);
		}
	}
}

static void step_rebar(const struct job *j, const struct verdict *v, struct device_progress *d)
{
	for (unsigned i = 0; i < v->settings->rebars; i++) {
		char file[32], size[16];
		(void)snprintf(file, sizeof(file), "resource%u_resize", v->settings->rebar[i].bar);
		(void)snprintf(size, sizeof(size), "%u", v->settings->rebar[i].size);
		int r = sysfs_write(j->options->sysfs, v->device->slot, file, size);
		if (r < 0)
			d->rebar_error = r;
	}
}

static bool is_first_with_driver(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->verdicts[k].action == ACTION_BIND &&
			str_equal(p->verdicts[k].driver, p->verdicts[i].driver))
			return false;
	return true;
}

/* The modules of [modules] before, then each driver that somebody shall have. One that can't be
 * loaded does not stop the others. */
static void step_load(const struct job *j)
{
	const struct plan *p = j->plan;
	struct err err = {""};

	if (!j->options->load_modules)
		return;
	for (size_t i = 0; i < p->config->n_before; i++)
		if (module_load(p->config->before[i], NULL, &err) < 0)
			j->progress->modules = err;
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || wants_none(v) || !is_first_with_driver(p, i))
			continue;
		bool own = str_equal(v->driver, "vfio-pci") && p->config->options[0];
		if (module_load(v->driver, own ? p->config->options : NULL, &err) < 0)
			j->progress->modules = err;
	}
}

static void step_unbind(const struct job *j, const struct verdict *v, struct device_progress *d)
{
	char address[SLOT_MAX], driver[32];

	if (d->dropped || d->override_error < 0)
		return;
	read_driver(j, v, driver);
	if (driver[0] == '\0' || str_equal(driver, v->driver))
		return;
	/* A host driver that works is worth more than a device that nobody can drive. */
	if (!wants_none(v) && !sysfs_has_driver(j->options->sysfs, v->driver))
		return;
	d->unbind_error = sysfs_write(j->options->sysfs, v->device->slot, "driver/unbind",
		slot_format(v->device->slot, address));
}

static void step_probe(const struct job *j, const struct verdict *v, struct device_progress *d)
{
	if (!d->dropped && d->override_error == 0)
		d->probe_error = sysfs_probe(j->options->sysfs, v->device->slot);
	d->usec = (unsigned)(now_usec() - j->began);
}

static void step_run(void *to, size_t i)
{
	const struct job *j = to;
	const struct step *s = &j->steps[i];
	const struct verdict *v = &j->plan->verdicts[s->verdict];
	struct device_progress *d = &j->progress->device[s->verdict];

	switch (s->kind) {
	case OVERRIDE:
		step_override(j, v, d);
		break;
	case SETTLE:
		step_settle(j);
		break;
	case LET_GO:
		child_let_go(j->options->let_go);
		break;
	case NOTE_DRIVER:
		read_driver(j, v, d->before);
		break;
	case REBAR:
		step_rebar(j, v, d);
		break;
	case LOAD:
		step_load(j);
		break;
	case UNBIND:
		step_unbind(j, v, d);
		break;
	case PROBE:
	case PROBE_HOST:
		step_probe(j, v, d);
		break;
	case GIVE_BACK:
		step_give_back(j, v, d);
		break;
	}
}

/* Loading may take as long as there is time: everything behind it needs it. */
static unsigned step_patience(void *to, size_t i)
{
	const struct job *j = to;
	return j->steps[i].kind == LOAD ? j->options->milliseconds : PATIENCE_MS;
}

static void add_step(struct job *j, enum step_kind kind, size_t verdict)
{
	j->steps[j->n_steps++] = (struct step){kind, verdict};
}

static void add_for_all(struct job *j, enum step_kind kind)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct verdict *v = &j->plan->verdicts[i];
		bool rebar = v->settings && v->settings->rebars > 0;
		if (v->action != ACTION_BIND || (kind == REBAR && !rebar) ||
			(kind == PROBE && wants_none(v)))
			continue;
		add_step(j, kind, i);
	}
}

static int run_steps(struct job *j, unsigned milliseconds, struct err *err)
{
	struct child_list list = {.n = j->n_steps,
		.run = step_run,
		.patience = step_patience,
		.to = j,
		.state = j->state};

	memset((void *)(uintptr_t)j->state, STEP_WAITING, j->n_steps);
	return child_run(&list, child_now() + milliseconds, err);
}

static int do_plan(struct job *j, struct err *err)
{
	static const enum step_kind order[] = {
		OVERRIDE, SETTLE, LET_GO, REBAR, LOAD, UNBIND, PROBE};

	for (size_t k = 0; k < sizeof(order) / sizeof(*order); k++) {
		if (order[k] == SETTLE || order[k] == LET_GO || order[k] == LOAD)
			add_step(j, order[k], 0);
		else
			add_for_all(j, order[k]);
	}
	unsigned all = j->options->milliseconds;
	int r = run_steps(j, all - all / UNDO_PART, err);
	child_let_go(j->options->let_go);
	return r;
}

static const char *probe_strerror(int code)
{
	switch (code) {
	case EINVAL: /* vfio_pci_core_register_device, vfio_group_find_or_alloc */
		return "the driver refuses it: no IOMMU group, or no plain function";
	case EPERM:
	case EACCES:
		return "not permitted (lockdown, or not root)";
	case EBUSY:
		return "it is busy";
	case ENODEV:
		return "it is gone";
	default:
		return strerror(code);
	}
}

/* How the step of one kind that this verdict had ended; STEP_DONE where it had none. */
static enum step_state how_ended(const struct job *j, enum step_kind kind, size_t verdict)
{
	for (size_t i = 0; i < j->n_steps; i++)
		if (j->steps[i].kind == kind && (kind == LOAD || j->steps[i].verdict == verdict))
			return (enum step_state)j->state[i];
	return STEP_DONE;
}

static bool tell_step(const struct job *j, enum step_kind kind, size_t i, const char *what,
	char *buf, size_t size)
{
	switch (how_ended(j, kind, i)) {
	case STEP_HUNG:
		j->progress->device[i].hangs = kind != LOAD;
		(void)snprintf(buf, size, "%s hangs in the kernel and was left behind", what);
		return true;
	case STEP_DIED:
		(void)snprintf(buf, size, "%s was killed", what);
		return true;
	case STEP_LEFT:
		(void)snprintf(buf, size, "no time or child was left for %s", what);
		return true;
	default:
		return false;
	}
}

/* The first thing that went wrong with a device is what is told. */
static void tell_trouble(const struct job *j, size_t i, struct outcome *o)
{
	const struct device_progress *d = &j->progress->device[i];
	char *buf = o->trouble;
	size_t size = sizeof(o->trouble);

	if (d->override_error < 0)
		(void)snprintf(
			buf, size, "can't write driver_override: %s", strerror(-d->override_error));
	else if (tell_step(j, OVERRIDE, i, "writing driver_override", buf, size))
		return;
	else if (d->dropped)
		(void)snprintf(buf, size, "another function of its slot could not be reserved");
	else if (tell_step(j, LOAD, i, "loading the modules", buf, size))
		return;
	else if (tell_step(j, UNBIND, i, "unbinding its driver", buf, size))
		return;
	else if (d->unbind_error < 0)
		(void)snprintf(buf, size, "%s does not let it go: %s", o->after,
			strerror(-d->unbind_error));
	else if (tell_step(j, PROBE, i, "probing", buf, size))
		return;
	else if (j->progress->modules.text[0])
		(void)snprintf(buf, size, "%.255s", j->progress->modules.text);
	else if (d->probe_error < 0)
		(void)snprintf(buf, size, "can't probe it: %s", probe_strerror(-d->probe_error));
	else if (o->after[0])
		(void)snprintf(buf, size, "%s has it", o->after);
	else
		(void)snprintf(buf, size, "no driver took it");
}

static bool has_its_driver(const struct verdict *v, const struct outcome *o)
{
	return wants_none(v) ? o->after[0] == '\0' : str_equal(o->after, v->driver);
}

static void verify(const struct job *j, struct outcome *outcomes)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct verdict *v = &j->plan->verdicts[i];
		struct outcome *o = &outcomes[i];
		if (v->action != ACTION_BIND) {
			if (v->device)
				read_driver(j, v, o->before);
			memcpy(o->after, o->before, sizeof(o->after));
			continue;
		}
		o->tried = true;
		read_driver(j, v, o->after);
		o->usec = j->progress->device[i].usec;
		memcpy(o->before, j->progress->device[i].before, sizeof(o->before));
		memcpy(o->former, j->progress->device[i].former, sizeof(o->former));
		o->holds = j->progress->device[i].overridden && has_its_driver(v, o);
		if (!o->holds)
			tell_trouble(j, i, o);
	}
}

static void add_undo(struct job *j, const struct outcome *outcomes, bool hangs)
{
	for (size_t i = 0; i < j->plan->n; i++)
		if (outcomes[i].tried && !outcomes[i].holds && j->progress->device[i].overridden &&
			j->progress->device[i].hangs == hangs)
			add_step(j, GIVE_BACK, i);
}

/* Gives back to the host what did not get its driver. A device on which a child hangs comes last:
 * its lock may be held, and the others shall not wait for that. */
static int undo(struct job *j, struct outcome *outcomes, struct err *err)
{
	j->n_steps = 0;
	add_undo(j, outcomes, false);
	size_t free_ones = j->n_steps;
	for (size_t k = 0; k < free_ones; k++)
		if (outcomes[j->steps[k].verdict].after[0] == '\0')
			add_step(j, PROBE_HOST, j->steps[k].verdict);
	add_undo(j, outcomes, true);
	if (j->n_steps == 0)
		return 0;
	int r = run_steps(j, j->options->milliseconds / UNDO_PART, err);
	for (size_t k = 0; k < j->n_steps; k++) {
		size_t i = j->steps[k].verdict;
		outcomes[i].given_back = !j->progress->device[i].overridden;
		read_driver(j, &j->plan->verdicts[i], outcomes[i].after);
	}
	return r;
}

static int job_run(struct job *j, struct outcome *outcomes, struct err *err)
{
	int r = do_plan(j, err);

	verify(j, outcomes);
	if (!j->plan->config->hold_on_failure) {
		struct err undo_err = {""};
		if (undo(j, outcomes, &undo_err) < 0 && r == 0)
			r = err_set(err, ECHILD, "%s", undo_err.text);
	}
	return r;
}

int apply_plan(
	struct outcome **ret, const struct plan *p, const struct apply_options *o, struct err *err)
{
	/* Every device has at most five steps, and three are for all; undoing takes two. */
	size_t max_steps = 5 * p->n + 3;
	struct job j = {.plan = p,
		.options = o,
		.progress = child_shared(sizeof(struct progress) +
					 p->n * sizeof(struct device_progress) + max_steps),
		.steps = calloc(max_steps, sizeof(*j.steps)),
		.began = now_usec()};
	struct outcome *outcomes = calloc(p->n + 1, sizeof(*outcomes));
	int r;

	if (!j.progress || !j.steps || !outcomes) {
		r = err_set(err, ENOMEM, "out of memory for %zu devices", p->n);
	} else {
		j.state = (volatile uint8_t *)&j.progress->device[p->n];
		r = job_run(&j, outcomes, err);
	}
	free(j.steps);
	if (r < 0) {
		free(outcomes);
		return r;
	}
	*ret = outcomes;
	return 0;
}
