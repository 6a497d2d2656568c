/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/release.h"

#include "base/str.h"
#include "core/kmod.h"
#include "core/plan.h"
#include "core/steps.h"
#include "core/unbind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* vfio-pci waits without limit for the VM that has the device (vfio_unregister_group_dev). */
#define TIMEOUT_MS 3000

enum kind { CLEAR, UNBIND, LOAD_PREV, ATTACH, PROBE, LOAD, PROBE_AGAIN, KINDS };

struct work {
	const struct release_options *o;
	struct release *list; /* in memory shared by parent and children */
	size_t n;
	uint8_t *state; /* step kind * n + i */
};

bool release_is_vfio(const char *driver)
{
	return strstr(driver, "vfio") || str_equal(driver, "pci-stub");
}

static void read_driver(const struct work *w, const struct release *d, char buf[static 32])
{
	if (sysfs_link(w->o->sysfs, d->addr, "driver", buf, 32) < 0)
		(void)snprintf(buf, 32, "?");
}

static bool has_driver(const struct work *w, const struct release *d)
{
	char driver[32];

	read_driver(w, d, driver);
	return driver[0] != '\0';
}

/* Reading it waits for the device lock (driver_override_show), so it is a step, too. */
static void do_clear(const struct work *w, struct release *d)
{
	char now[64];

	ssize_t n = sysfs_read(w->o->sysfs, d->addr, "driver_override", now, sizeof(now));
	if (n < 0)
		d->override_error = (int)n;
	else if (release_is_vfio(now) || str_equal(now, NO_DRIVER)) {
		d->unfinished = d->before[0] == '\0' && release_is_vfio(now);
		d->override_error = sysfs_write(w->o->sysfs, d->addr, "driver_override", "\n");
	}
}

static void do_unbind(const struct work *w, struct release *d)
{
	if (d->override_error == 0 && release_is_vfio(d->before))
		d->unbind_error = device_unbind(
			w->o->sysfs, d->addr, w->o->load_modules, w->o->force, d->in_use);
}

/* True if it is free of vfio and still without a driver. */
static bool waits(const struct work *w, const struct release *d)
{
	return d->override_error == 0 && d->unbind_error == 0 && !has_driver(w, d);
}

/* A loaded driver probes all devices by itself: if its module is loaded alone, no other is
 * first. */
static void do_load_prev(const struct work *w, struct release *d)
{
	struct err err = {""};

	if (!w->o->load_modules || !d->prev.module[0] ||
		sysfs_has_driver(w->o->sysfs, d->prev.driver) || !waits(w, d))
		return;
	if (module_load(d->prev.module, NULL, &err) < 0)
		(void)snprintf(d->other, sizeof(d->other), "%.150s", err.text);
}

static void do_attach(const struct work *w, struct release *d)
{
	if (d->prev.driver[0] && waits(w, d))
		d->attach_error = sysfs_attach(w->o->sysfs, d->addr, d->prev.driver);
}

static void do_probe(const struct work *w, struct release *d)
{
	if (waits(w, d))
		d->probe_error = sysfs_probe(w->o->sysfs, d->addr);
}

static void do_load(const struct work *w, struct release *d)
{
	char alias[96];

	if (!w->o->load_modules || !waits(w, d) ||
		sysfs_read(w->o->sysfs, d->addr, "modalias", alias, sizeof(alias)) < 0)
		return;
	struct err err = {""};
	d->known = module_load_for(alias, &err);
	if (d->known < 0)
		(void)str_copy(d->error, sizeof(d->error), err.text);
}

static void run_step(void *to, size_t step)
{
	static void (*const what[KINDS])(const struct work *w, struct release *d) = {
		do_clear, do_unbind, do_load_prev, do_attach, do_probe, do_load, do_probe};
	const struct work *w = to;

	what[step / w->n](w, &w->list[step % w->n]);
}

static unsigned step_timeout_ms(void *to, size_t step)
{
	const struct work *w = to;
	enum kind kind = (enum kind)(step / w->n);

	return kind == LOAD || kind == LOAD_PREV ? w->o->milliseconds : TIMEOUT_MS;
}

/* The first step of the device that did not complete, or KINDS. */
static enum kind bad_step(const struct work *w, size_t i)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (w->state[kind * w->n + i] != STEP_DONE)
			return (enum kind)kind;
	return KINDS;
}

static void tell(const struct work *w, size_t i)
{
	static const char *const what[KINDS] = {"clearing driver_override",
		"taking it from its driver", "loading its previous driver",
		"binding it to its previous driver", "probing", "loading its host driver",
		"probing"};
	struct release *d = &w->list[i];
	enum kind bad = bad_step(w, i);
	char *buf = d->error;
	size_t size = sizeof(d->error);

	if (bad < KINDS && w->state[bad * w->n + i] == STEP_TIMED_OUT)
		(void)snprintf(buf, size, "%s timed out in the kernel", what[bad]);
	else if (bad == CLEAR && w->state[i] == STEP_NOT_RUN && w->o->interrupt &&
		 w->o->interrupt->signal)
		(void)snprintf(buf, size, "%s came before anything was done with it",
			interrupt_name(w->o->interrupt->signal));
	else if (bad < KINDS)
		(void)snprintf(buf, size,
			"no time was left for %s, or it was killed; release it once more",
			what[bad]);
	else if (d->override_error < 0)
		(void)snprintf(
			buf, size, "can't clear driver_override: %s", strerror(-d->override_error));
	else if (d->in_use[0])
		(void)snprintf(buf, size, "in use: %s", d->in_use);
	else if (d->unbind_error < 0)
		(void)snprintf(buf, size, "%s does not let it go: %s", d->after,
			strerror(-d->unbind_error));
	else if (d->error[0] == '\0' && d->probe_error < 0)
		(void)snprintf(
			buf, size, "its host driver refuses it: %s", strerror(-d->probe_error));
	else if (d->error[0] == '\0')
		(void)snprintf(buf, size,
			d->after[0]
				? "%s has it again"
				: "its host driver is loaded and did not take it%s; the kernel log says more",
			d->after);
}

/* The device is with the host all the same; but another driver may provide other nodes, or none. */
static void log_other_driver(struct release *d)
{
	const char *reason = strerror(-d->attach_error);

	bool never_left = d->before[0] && !release_is_vfio(d->before);
	if (!d->prev.driver[0] || !d->holds || str_equal(d->after, d->prev.driver) || never_left) {
		d->other[0] = '\0';
		return;
	}
	if (d->attach_error == -ENOENT)
		reason = "it is not loaded";
	else if (d->attach_error == -ENODEV)
		reason = "it does not take it";
	if (!d->other[0])
		(void)str_copy(d->other, sizeof(d->other), reason);
}

static void verify(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct release *d = &w->list[i];
		enum kind bad = bad_step(w, i);
		read_driver(w, d, d->after);
		d->timed_out = bad < KINDS && w->state[bad * w->n + i] == STEP_TIMED_OUT;
		bool free_again = d->override_error == 0 && !release_is_vfio(d->after) &&
				  bad == KINDS;
		/* A device that no module matches has no host driver to return to. */
		d->holds = free_again && (d->after[0] || (d->known == 0 && d->probe_error == 0));
		if (d->holds)
			d->error[0] = '\0';
		else
			tell(w, i);
		log_other_driver(d);
	}
}

int release_all(struct release *list, size_t n, const struct release_options *o, struct err *err)
{
	size_t size = n * sizeof(*list);
	struct work w = {.o = o, .n = n, .list = steps_shared(size + KINDS * n)};

	if (!w.list)
		return err_set(err, ENOMEM, "out of memory for %zu devices", n);
	w.state = (uint8_t *)w.list + size;
	memcpy(w.list, list, size);
	for (size_t i = 0; i < n; i++)
		read_driver(&w, &w.list[i], w.list[i].before);
	const struct steps steps = {.n = KINDS * n,
		.run = run_step,
		.timeout_ms = step_timeout_ms,
		.to = &w,
		.state = w.state,
		.interrupt = o->interrupt};
	int r = steps_run(&steps, steps_now() + o->milliseconds, err);
	verify(&w);
	memcpy(list, w.list, size);
	/* Once a step has begun, each device has its own error. */
	if (r < 0 && w.state[0] != STEP_NOT_RUN) {
		err->text[0] = '\0';
		r = 0;
	}
	return r;
}
