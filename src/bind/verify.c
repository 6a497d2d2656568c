/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/apply_ctx.h"

#include "base/str.h"
#include "bind/usable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void verify_driver(const struct apply_ctx *j, const struct verdict *v, char buf[static 32])
{
	if (sysfs_link(j->options->sysfs, v->device->addr, "driver", buf, 32) < 0)
		(void)snprintf(buf, 32, "?");
}

bool verify_holds(const struct apply_ctx *j, const struct verdict *v, const char *driver)
{
	(void)j;
	return str_equal(v->driver, NO_DRIVER) ? driver[0] == '\0' : str_equal(driver, v->driver);
}

static const char *override_strerror(int code)
{
	switch (code) {
	case ENOENT:
		return "no such file; the device is gone, or the kernel is older than 3.16";
	case EPERM:
	case EACCES:
		return "not permitted (lockdown, or not root)";
	case EROFS:
		return "sysfs is mounted read-only";
	default:
		return strerror(code);
	}
}

static const char *probe_strerror(int code)
{
	switch (code) {
	case EINVAL: /* vfio_pci_core_register_device and what it calls, drivers/vfio */
		return "the driver refuses it: no IOMMU group, or no plain function";
	case EPERM:
	case EACCES:
		return "not permitted (lockdown, or not root)";
	case EBUSY:
		return "it is in use";
	case ENODEV:
		return "it is gone";
	default:
		return strerror(code);
	}
}

/* The step of this verdict, or of all, that did not end as it should, or NULL. */
static const struct step *bad_step(
	const struct apply_ctx *j, size_t verdict, enum step_state *ret_how)
{
	bool died_in_step = j->progress->device[verdict].in_step;

	for (size_t i = 0; i < j->n_steps; i++) {
		enum step_kind kind = j->steps[i].kind;
		bool for_all = kind == STEP_LOAD || kind == STEP_DROP_SLOT;
		bool told = for_all || kind == STEP_NOTIFY_READY || kind == STEP_BEFORE;
		bool mine = !told && j->steps[i].verdict == verdict;
		if (j->state[i] == STEP_DONE || (!mine && !for_all))
			continue;
		/* A device whose step died or hangs says so itself: that is told before anything.
		 */
		if (died_in_step && !mine)
			continue;
		*ret_how = (enum step_state)j->state[i];
		return &j->steps[i];
	}
	return NULL;
}

bool verify_hangs(const struct apply_ctx *j, size_t verdict)
{
	enum step_state how;

	return j->progress->device[verdict].in_step && bad_step(j, verdict, &how) &&
	       how == STEP_TIMED_OUT;
}

int verify_interrupted(const struct apply_ctx *j)
{
	return j->options->interrupt ? j->options->interrupt->signal : 0;
}

static void tell_bad_step(
	const struct step *s, enum step_state how, int signal, char *buf, size_t size)
{
	static const char *const what[] = {
		[STEP_OVERRIDE] = "writing driver_override",
		[STEP_DROP_SLOT] = "looking at the others of its slot",
		[STEP_NOTE_DRIVER] = "reading its driver",
		[STEP_REBAR] = "resizing its BARs",
		[STEP_LOAD] = "loading the modules",
		[STEP_UNBIND] = "taking it from its driver",
		[STEP_PROBE] = "probing",
		[STEP_FRAMEBUFFER] = "releasing the firmware's framebuffer",
	};

	if (signal && how != STEP_DIED)
		(void)snprintf(buf, size, "%s came %s %s%s", interrupt_name(signal),
			how == STEP_TIMED_OUT ? "during" : "before", what[s->kind],
			how == STEP_TIMED_OUT ? ", which was left behind" : "");
	else if (how == STEP_TIMED_OUT)
		(void)snprintf(buf, size, "%s timed out in the kernel", what[s->kind]);
	else if (how == STEP_DIED)
		(void)snprintf(buf, size, "%s was killed", what[s->kind]);
	else
		(void)snprintf(buf, size, "no time was left for %s", what[s->kind]);
}

/* The first thing that went wrong with a device is what is told. */
static void tell_trouble(const struct apply_ctx *j, size_t i, struct apply_result *o)
{
	const struct device_progress *d = &j->progress->device[i];
	enum step_state how;
	const struct step *bad = bad_step(j, i, &how);
	char *buf = o->error;
	size_t size = sizeof(o->error);

	if (d->override_error < 0)
		(void)snprintf(buf, size, "can't write driver_override: %s",
			override_strerror(-d->override_error));
	else if (d->dropped)
		(void)snprintf(buf, size, "another function of its slot could not be reserved");
	else if (bad)
		tell_bad_step(bad, how, verify_interrupted(j), buf, size);
	else if (d->in_use[0])
		(void)snprintf(buf, size, "in use: %s", d->in_use);
	else if (d->unbind_error < 0)
		(void)snprintf(buf, size, "%s does not let it go: %s", o->after,
			strerror(-d->unbind_error));
	else if (j->progress->modules.text[0])
		(void)snprintf(buf, size, "%.255s", j->progress->modules.text);
	else if (d->probe_error < 0)
		(void)snprintf(buf, size, "can't probe it: %s", probe_strerror(-d->probe_error));
	else if (o->after[0])
		(void)snprintf(buf, size, "%s has it", o->after);
	/* drivers_probe says nothing of what a probe() returned (driver_probe_device,
	 * drivers/base/dd.c). */
	else if (sysfs_has_driver(j->options->sysfs, j->plan->verdicts[i].driver))
		(void)snprintf(buf, size, "%s refuses it; the kernel log says why",
			j->plan->verdicts[i].driver);
	else
		(void)snprintf(buf, size, "no driver took it");
}

/* A driver link does not show who else holds a BAR. Only displays have what the firmware draws on,
 * and only of this machine there is /proc. */
static void look_at_bars(const struct apply_ctx *j, const struct verdict *v, struct apply_result *o)
{
	const struct device_progress *d = &j->progress->device[v - j->plan->verdicts];
	char why[USABLE_WHY_MAX];

	if (!j->options->load_modules || !v->device || !device_is_display(v->device) ||
		load_is_none(v))
		return;
	enum usable u = usable_look_at_bars(j->options->sysfs, NULL, v->device->addr, why);
	o->unusable = u != USABLE;
	if (u == USABLE_NOT)
		(void)snprintf(o->error, sizeof(o->error), "no VM can open it: %s%s%s", why,
			d->framebuffer_error < 0 ? ", which can't be released: " : "",
			d->framebuffer_error < 0 ? strerror(-d->framebuffer_error) : "");
	else if (u == USABLE_UNVERIFIED)
		(void)snprintf(o->error, sizeof(o->error),
			"whether a VM can open it is not verified: %s", why);
}

void verify(const struct apply_ctx *j, struct apply_result *outcomes)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct verdict *v = &j->plan->verdicts[i];
		const struct device_progress *d = &j->progress->device[i];
		struct apply_result *o = &outcomes[i];

		if (v->device)
			verify_driver(j, v, o->after);
		if (v->action != ACTION_BIND) {
			memcpy(o->before, o->after, sizeof(o->before));
			continue;
		}
		o->attempted = true;
		o->timed_out = verify_hangs(j, i);
		o->usec = d->usec;
		memcpy(o->before, d->before, sizeof(o->before));
		(void)str_copy(o->former, sizeof(o->former), apply_ctx_former(d, v));
		o->holds = d->overridden && verify_holds(j, v, o->after);
		if (!o->holds)
			tell_trouble(j, i, o);
		else if (d->rebar_error < 0)
			(void)snprintf(o->error, sizeof(o->error), "can't resize a BAR: %s",
				strerror(-d->rebar_error));
		else
			look_at_bars(j, v, o);
	}
}
