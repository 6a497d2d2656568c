/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/apply.h"

#include "base/log.h"
#include "base/str.h"
#include "core/card.h"
#include "core/guard.h"
#include "core/in_use.h"
#include "core/kmod.h"
#include "core/release.h"
#include "core/steps.h"
#include "core/usable.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum step_kind {
	STEP_OVERRIDE,
	STEP_DROP_CARD,    /* once: if a function of a card failed, restores the others */
	STEP_NOTIFY_READY, /* once: boot may continue (background) */
	STEP_NOTE_DRIVER,  /* the driver before any module is loaded */
	STEP_SETTINGS,
	STEP_BEFORE, /* once: the modules of [modules] before */
	STEP_LOAD,   /* once */
	STEP_UNBIND,
	STEP_PROBE,
	STEP_FRAMEBUFFER, /* for the one display with the firmware's framebuffer */
	STEP_IOMMU,       /* once: VFIO's IOMMU driver */
	STEP_RESTORE,
	STEP_RESTORE_UNBIND, /* from the driver that it was bound to */
	STEP_RESTORE_PROBE,
};

struct step {
	enum step_kind kind;
	size_t verdict; /* unused for steps that run once */
};

/* One device's part of the children's results. Each is written by one child at a time. */
struct device_progress {
	int override_error, rebar_error, unbind_error, probe_error; /* 0 or a negative errno */
	int reset_error, d3cold_error;
	char prev_reset[RESET_METHODS_MAX], prev_d3cold[8]; /* before they were written; or "" */
	int framebuffer_error;
	bool overridden; /* our override may be set */
	bool was_set;    /* driver_override named the driver at the start */
	bool noted;      /* `before` is valid; before that we cannot have bound a driver */
	bool dropped;    /* another function of its card did not get its override */
	bool in_step;    /* a child is in one of its steps, or ended there */
	unsigned usec;
	char prev_override[OVERRIDE_MAX]; /* previous driver_override; "" if it was not read */
	char before[32];
	char in_use[IN_USE_REASON_MAX]; /* why unbind was not tried, or "" */
};

/* In memory shared by parent and children. */
struct progress {
	struct err modules; /* why a module could not be loaded, or "" */
	struct device_progress device[];
};

struct apply_ctx {
	const struct plan *plan;
	const struct apply_options *options;
	struct progress *progress;
	struct step *steps;
	size_t n_steps;
	uint8_t *state; /* enum step_state of each step, shared, too */
	int64_t began;  /* microseconds */
};

/* ---- load ----------------------------------------------------------------------------------- */

/* True if the device is to have no driver: for good, or until the host loads it. */
static bool load_is_none(const struct verdict *v)
{
	return v->late || str_equal(v->driver, NO_DRIVER);
}

static bool is_first_with_driver(const struct plan *p, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (p->verdicts[k].action == ACTION_BIND &&
			str_equal(p->verdicts[k].driver, p->verdicts[i].driver))
			return false;
	return true;
}

/* A failure stops neither the others nor any device, so only this message reports it. */
static void load_before(const struct apply_ctx *j)
{
	const struct config *c = j->plan->config;
	struct err err = {""};

	for (size_t i = 0; i < c->n_before; i++)
		if (module_load(c->before[i], c->options, &err) < 0)
			log_print(LOG_WARNING, "[modules] before: %s", err.text);
}

static void load_iommu(void)
{
	struct err err = {""};

	if (module_load_iommu(&err) < 0)
		log_print(LOG_WARNING, "no VM can open a device yet: %s", err.text);
}

/* Loads each target driver; a failure is stored in the progress, and does not stop the others. */
static void load_drivers(const struct apply_ctx *j)
{
	const struct plan *p = j->plan;
	struct err err = {""};

	if (!j->options->load_modules)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || load_is_none(v) || !is_first_with_driver(p, i))
			continue;
		bool own = str_equal(v->driver, "vfio-pci") && p->config->options[0];
		if (own && sysfs_has_driver(j->options->sysfs, v->driver))
			log_print(LOG_WARNING,
				"vfio-pci is built in or was loaded before us: the options of [modules] have no effect; give them on the kernel command line, as vfio-pci.NAME=VALUE");
		if (module_load(v->driver, p->config->options, &err) < 0)
			j->progress->modules = err;
	}
}

/* ---- verify --------------------------------------------------------------------------------- */

/* Reads the current driver of the device; "?" if it cannot be read. */
static void verify_driver(const struct apply_ctx *j, const struct verdict *v, char buf[static 32])
{
	if (sysfs_link(j->options->sysfs, v->device->addr, "driver", buf, 32) < 0)
		(void)snprintf(buf, 32, "?");
}

/* True if `driver`, the current one, is the target of the verdict. */
static bool verify_holds(const struct apply_ctx *j, const struct verdict *v, const char *driver)
{
	(void)j;
	return load_is_none(v) ? driver[0] == '\0' : str_equal(driver, v->driver);
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
	case EINVAL: /* vfio_pci_core_register_device and its callees, drivers/vfio */
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

/* The step of this verdict, or of all, that did not complete, or NULL. */
static const struct step *bad_step(
	const struct apply_ctx *j, size_t verdict, enum step_state *ret_how)
{
	bool died_in_step = j->progress->device[verdict].in_step;

	for (size_t i = 0; i < j->n_steps; i++) {
		enum step_kind kind = j->steps[i].kind;
		bool for_all = kind == STEP_LOAD || kind == STEP_DROP_CARD;
		bool told = for_all || kind == STEP_NOTIFY_READY || kind == STEP_BEFORE ||
			    kind == STEP_IOMMU;
		bool mine = !told && j->steps[i].verdict == verdict;
		if (j->state[i] == STEP_DONE || (!mine && !for_all))
			continue;
		/* A device whose own step died or hangs reports that first. */
		if (died_in_step && !mine)
			continue;
		*ret_how = (enum step_state)j->state[i];
		return &j->steps[i];
	}
	return NULL;
}

/* True if a child timed out in the kernel in one of the verdict's steps. */
static bool verify_hangs(const struct apply_ctx *j, size_t verdict)
{
	enum step_state how;

	return j->progress->device[verdict].in_step && bad_step(j, verdict, &how) &&
	       how == STEP_TIMED_OUT;
}

/* The signal that ended the work, or 0. */
static int verify_interrupted(const struct apply_ctx *j)
{
	return j->options->interrupt ? j->options->interrupt->signal : 0;
}

static void log_bad_step(
	const struct step *s, enum step_state how, int signal, char *buf, size_t size)
{
	static const char *const what[] = {
		[STEP_OVERRIDE] = "writing driver_override",
		[STEP_DROP_CARD] = "looking at the others of its card",
		[STEP_NOTE_DRIVER] = "reading its driver",
		[STEP_SETTINGS] = "setting what [device] says",
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

/* Reports the first error of a device. */
static void format_error(const struct apply_ctx *j, size_t i, struct apply_result *o)
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
		(void)snprintf(buf, size, "another function of its card could not be reserved");
	else if (bad)
		log_bad_step(bad, how, verify_interrupted(j), buf, size);
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
	/* drivers_probe does not return the result of probe() (driver_probe_device,
	 * drivers/base/dd.c). */
	else if (sysfs_has_driver(j->options->sysfs, j->plan->verdicts[i].driver))
		(void)snprintf(buf, size, "%s refuses it; the kernel log says why",
			j->plan->verdicts[i].driver);
	else
		(void)snprintf(buf, size, "no driver took it");
}

/* A driver link does not show whether a BAR is busy. Only displays have the firmware's framebuffer,
 * and only this machine has its /proc. */
static void check_bars(const struct apply_ctx *j, const struct verdict *v, struct apply_result *o)
{
	const struct device_progress *d = &j->progress->device[v - j->plan->verdicts];
	char reason[USABLE_REASON_MAX];

	if (!j->options->load_modules || !v->device || !device_is_display(v->device) ||
		load_is_none(v))
		return;
	enum usable u = usable_look_at_bars(j->options->sysfs, NULL, v->device->addr, reason);
	o->unusable = u != USABLE;
	if (u == USABLE_NOT)
		(void)snprintf(o->error, sizeof(o->error), "no VM can open it: %s%s%s", reason,
			d->framebuffer_error < 0 ? ", which can't be released: " : "",
			d->framebuffer_error < 0 ? strerror(-d->framebuffer_error) : "");
	else if (u == USABLE_UNVERIFIED)
		(void)snprintf(o->error, sizeof(o->error),
			"whether a VM can open it is not verified: %s", reason);
}

/* A previous override belongs to another tool and is restored on failure; our own is not. Unset
 * reads as "(null)": driver_override_show prints a NULL pointer with %s. */
static const char *other_override(const struct device_progress *d, const struct verdict *v)
{
	return str_equal(d->prev_override, "(null)") || str_equal(d->prev_override, v->driver)
		       ? ""
		       : d->prev_override;
}

/* The group of a device that had none before its driver, of which the plan knew nothing. */
static void check_late_group(
	const struct apply_ctx *j, const struct verdict *v, struct apply_result *o)
{
	char reason[GROUP_REASON_MAX];

	if (!o->holds || !v->device || !v->device->group_later || load_is_none(v) ||
		!groups_conflict(j->plan, j->options->sysfs, v->device, reason))
		return;
	o->holds = false;
	(void)str_copy(o->error, sizeof(o->error), reason);
}

/* One outcome per verdict; an attempted device that is not on its target gets an error. */
static void verify(const struct apply_ctx *j, struct apply_result *outcomes)
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
		(void)str_copy(o->prev_override, sizeof(o->prev_override), other_override(d, v));
		memcpy(o->prev_reset, d->prev_reset, sizeof(o->prev_reset));
		memcpy(o->prev_d3cold, d->prev_d3cold, sizeof(o->prev_d3cold));
		o->holds = d->overridden && verify_holds(j, v, o->after);
		if (!o->holds)
			format_error(j, i, o);
		check_late_group(j, v, o);
		if (!o->holds)
			continue;
		if (d->rebar_error < 0)
			(void)snprintf(o->error, sizeof(o->error), "can't resize a BAR: %s",
				strerror(-d->rebar_error));
		else if (d->reset_error < 0)
			(void)snprintf(o->error, sizeof(o->error),
				"can't set reset_method to '%s': %s; `vfio-bind check` says what the device has",
				v->settings->reset, strerror(-d->reset_error));
		else if (d->d3cold_error < 0)
			(void)snprintf(o->error, sizeof(o->error), "can't clear d3cold_allowed: %s",
				strerror(-d->d3cold_error));
		else
			check_bars(j, v, o);
	}
}

/* ---- unbind --------------------------------------------------------------------------------- */

int device_unbind(struct sysfs *s, struct pci_addr addr, bool live, bool force,
	char reason[static IN_USE_REASON_MAX])
{
	_cleanup_(in_use_done) struct in_use u;
	char address[PCI_ADDR_MAX];

	reason[0] = '\0';
	in_use_ask(&u, s, addr, live);
	if (u.kind == IN_USE_CLAIMED || (u.kind == IN_USE_NETWORK && !force)) {
		(void)str_copy(reason, IN_USE_REASON_MAX, u.reason);
		return -EBUSY;
	}
	return sysfs_write(s, addr, "driver/unbind", pci_addr_format(addr, address));
}

/* ---- apply ---------------------------------------------------------------------------------- */

/* A driver's remove() that takes longer than this is assumed not to return in this boot. */
#define TIMEOUT_MS 3000

/* The part of the total time that is reserved for undoing. */
#define UNDO_PART 4

/*
 * A device whose lock is taken, or whose probe never returns, blocks the loading of its driver: a
 * new driver probes all devices, one after the other (bus_add_driver in drivers/base/bus.c). But it
 * is registered by then, and can be bound to the others one by one. A part of the total time is
 * reserved for that, with a short timeout per step, because the bad device is met once more.
 */
#define BEHIND_LOAD_PART 5
#define BEHIND_HUNG_LOAD_MS 700

/* The part of the total time for the modules of `before`; vfio-pci does not wait for one that
 * hangs. */
#define BEFORE_PART 4

/* Every device has at most five steps, and five run once; undoing takes three per device. */
#define STEPS_MAX(n) (5 * (n) + 5)

static int64_t now_usec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* True if the override failed, or a child hangs on the device: then only undoing touches it. */
static bool is_out(const struct apply_ctx *j, size_t i)
{
	const struct device_progress *d = &j->progress->device[i];

	return d->dropped || d->override_error < 0 || (d->in_step && verify_hangs(j, i));
}

/* The previous override goes straight to shared memory: it is known even if the child is killed
 * after the write. */
static void do_override(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	d->overridden = true; /* before the write: a child killed in it may have written */
	d->override_error = sysfs_swap(j->options->sysfs, v->device->addr, "driver_override",
		v->driver, d->prev_override, sizeof(d->prev_override));
	d->was_set = str_equal(d->prev_override, v->driver);
	/* The value was already right, whatever the result of writing it again. */
	if (d->was_set)
		d->override_error = 0;
	if (d->override_error < 0) {
		d->overridden = false;
		d->prev_override[0] = '\0';
	}
}

static void do_give_back(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	char now[OVERRIDE_MAX];
	const char *prev_override = other_override(d, v);

	release_settings(j->options->sysfs, v->device->addr, d->prev_reset, d->prev_d3cold);
	/* A child killed before it had read the previous value has written nothing. */
	if (d->prev_override[0] == '\0' &&
		sysfs_read(j->options->sysfs, v->device->addr, "driver_override", now,
			sizeof(now)) >= 0 &&
		!str_equal(now, v->driver))
		d->overridden = false;
	/* A lone newline clears it (driver_set_override in drivers/base/driver.c). */
	else if (sysfs_write(j->options->sysfs, v->device->addr, "driver_override",
			 prev_override[0] ? prev_override : "\n") == 0)
		d->overridden = false;
}

static bool is_same_card(const struct verdict *a, const struct verdict *b)
{
	return a->device && b->device && card_same(a->device, b->device);
}

/* If one function of a card did not get its override, no other keeps one. */
static void do_settle(const struct apply_ctx *j)
{
	const struct plan *p = j->plan;

	for (size_t bad = 0; bad < p->n; bad++) {
		const struct device_progress *b = &j->progress->device[bad];
		if (b->override_error == 0 && !b->in_step)
			continue;
		for (size_t i = 0; i < p->n; i++) {
			struct device_progress *d = &j->progress->device[i];
			if (p->verdicts[i].action != ACTION_BIND ||
				!is_same_card(&p->verdicts[i], &p->verdicts[bad]))
				continue;
			/* A child killed in its step may have written; one that hangs in it keeps
			 * the file open, and undo handles that device last. */
			d->dropped |= i != bad;
			if (d->overridden && !verify_hangs(j, i))
				do_give_back(j, &p->verdicts[i], d);
		}
	}
}

/* resourceN_resize takes the exponent of the size (drivers/pci/pci-sysfs.c), of a device without a
 * driver: before modules are loaded, or after its host driver is unbound. */
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

/* Writes and reads back: the kernel may take a value and have another. */
static int set_attribute(const struct apply_ctx *j, const struct verdict *v, const char *file,
	const char *value, char *prev, size_t size)
{
	char now[RESET_METHODS_MAX];
	struct sysfs *s = j->options->sysfs;
	ssize_t n = sysfs_read(s, v->device->addr, file, prev, size);
	int r = n < 0 ? (int)n : sysfs_write(s, v->device->addr, file, value);

	if (r < 0) {
		prev[0] = '\0';
		return r;
	}
	n = sysfs_read(s, v->device->addr, file, now, sizeof(now));
	return n < 0 ? (int)n : str_equal(now, value) ? 0 : -EIO;
}

/* All of [device] but the driver, of a device without one. */
static void do_settings(
	const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	do_rebar(j, v, d);
	if (v->settings->reset[0])
		d->reset_error = set_attribute(j, v, "reset_method", v->settings->reset,
			d->prev_reset, sizeof(d->prev_reset));
	if (v->settings->d3cold == D3COLD_NO)
		d->d3cold_error = set_attribute(
			j, v, "d3cold_allowed", "0", d->prev_d3cold, sizeof(d->prev_d3cold));
}

static void do_unbind(const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	char driver[32];

	verify_driver(j, v, driver);
	if (driver[0] == '\0' || verify_holds(j, v, driver))
		return;
	/* A working host driver is better than a device without a driver. */
	if (!load_is_none(v) && !sysfs_has_driver(j->options->sysfs, v->driver))
		return;
	d->unbind_error = device_unbind(j->options->sysfs, v->device->addr,
		j->options->load_modules, j->options->force, d->in_use);
	if (d->unbind_error == 0 && v->settings)
		do_settings(j, v, d);
}

/* Unbinds our driver only: another driver bound meanwhile keeps the device. */
static void do_take_back(const struct apply_ctx *j, const struct verdict *v)
{
	char driver[32], reason[IN_USE_REASON_MAX];

	verify_driver(j, v, driver);
	if (str_equal(driver, v->driver))
		(void)device_unbind(j->options->sysfs, v->device->addr, j->options->load_modules,
			false, reason);
}

/* A driver registered before the override does not probe again by itself: always probe. */
static void do_probe(const struct apply_ctx *j, const struct verdict *v, struct device_progress *d)
{
	d->probe_error = sysfs_probe(j->options->sysfs, v->device->addr);
	d->usec = (unsigned)(now_usec() - j->began);
}

/*
 * True if the firmware's framebuffer is in a BAR of this device. vfio-pci removes it from a VGA
 * device only (vfio_pci_vga_init in drivers/vfio/pci/vfio_pci_core.c, since Linux 6.0).
 */
static bool has_framebuffer(const struct apply_ctx *j, const struct verdict *v)
{
	const struct boot_display *b = j->plan->boot;

	return b && (b->by == WITNESS_FRAMEBUFFER || b->by == WITNESS_IOMEM) && b->framebuffer[0] &&
	       v->action == ACTION_BIND && !load_is_none(v) &&
	       pci_addr_compare(b->addr, v->device->addr) == 0;
}

/* After the probe: if that fails, the host keeps its console. A framebuffer without a driver, or
 * one that no longer exists, does not block the BAR. */
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
	case STEP_SETTINGS:
		if (d->before[0] == '\0')
			do_settings(j, v, d);
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
	case STEP_RESTORE_PROBE: /* if two drivers match it, its previous one */
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
	case STEP_DROP_CARD:
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
	case STEP_IOMMU:
		load_iommu();
		break;
	default:
		do_device(j, j->steps[i].kind, j->steps[i].verdict);
	}
}

/* True if a step that runs once timed out. */
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
	return once_hangs(j, STEP_LOAD) ? BEHIND_HUNG_LOAD_MS : TIMEOUT_MS;
}

static void add_step(struct apply_ctx *j, enum step_kind kind, size_t verdict)
{
	j->steps[j->n_steps++] = (struct step){kind, verdict};
}

/* True if [device] has more than a driver. */
static bool has_settings(const struct verdict *v)
{
	const struct device_settings *s = v->settings;

	return s && (s->rebars > 0 || s->reset[0] || s->d3cold == D3COLD_NO);
}

static void add_for_all(struct apply_ctx *j, enum step_kind kind)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct verdict *v = &j->plan->verdicts[i];
		if (v->action != ACTION_BIND || (kind == STEP_SETTINGS && !has_settings(v)) ||
			(kind == STEP_PROBE && load_is_none(v)) ||
			(kind == STEP_FRAMEBUFFER && !has_framebuffer(j, v)))
			continue;
		add_step(j, kind, i);
	}
}

/* From the first probe on, finishing takes fewer steps than undoing. */
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
		.timeout_ms = step_timeout_ms,
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
	add_step(j, STEP_DROP_CARD, 0);
	add_step(j, STEP_NOTIFY_READY, 0);
	add_for_all(j, STEP_NOTE_DRIVER);
	add_for_all(j, STEP_SETTINGS);
	if (j->options->load_modules && j->plan->config->n_before > 0)
		add_step(j, STEP_BEFORE, 0);
	add_step(j, STEP_LOAD, 0);
	add_for_all(j, STEP_UNBIND);
	add_for_all(j, STEP_PROBE);
	add_for_all(j, STEP_FRAMEBUFFER);
	if (j->options->load_modules && !j->options->iommu_later)
		add_step(j, STEP_IOMMU, 0);
	int r = run_steps(j, all - all / UNDO_PART, j->options->interrupt, err);
	steps_notify_ready(j->options->notify_ready);
	if (once_hangs(j, STEP_BEFORE))
		log_print(LOG_WARNING,
			"[modules] before: loading one of them timed out in the kernel");
	return r;
}

/* True if it is on the driver that we have bound it to. */
static bool is_on_ours(const struct apply_ctx *j, size_t i)
{
	const struct verdict *v = &j->plan->verdicts[i];
	const struct device_progress *d = &j->progress->device[i];
	char driver[32];

	verify_driver(j, v, driver);
	return d->noted && !load_is_none(v) && !str_equal(d->before, v->driver) &&
	       str_equal(driver, v->driver);
}

/* Of the card of `bad`, whatever holds; a function that was on its target before the start stays
 * there. */
static void drop_card(
	const struct apply_ctx *j, struct apply_result *outcomes, size_t bad, const char *reason)
{
	const struct plan *p = j->plan;

	for (size_t i = 0; i < p->n; i++) {
		struct apply_result *o = &outcomes[i];
		if (!o->holds || !is_same_card(&p->verdicts[i], &p->verdicts[bad]) ||
			(j->progress->device[i].was_set && !is_on_ours(j, i)))
			continue;
		o->holds = false;
		(void)str_copy(o->error, sizeof(o->error), reason);
	}
}

/* An interrupt may arrive when one function of a card is bound and another is not, and only one of
 * them may come into a group that is in conflict. */
static void drop_halves(const struct apply_ctx *j, struct apply_result *outcomes)
{
	const struct plan *p = j->plan;
	char reason[sizeof(outcomes->error)];

	for (size_t bad = 0; bad < p->n; bad++) {
		const struct apply_result *o = &outcomes[bad];
		if (!o->attempted || o->holds)
			continue;
		if (verify_interrupted(j))
			(void)snprintf(reason, sizeof(reason),
				"%s came before all of its card was bound",
				interrupt_name(verify_interrupted(j)));
		else if (p->verdicts[bad].device->group_later)
			(void)snprintf(reason, sizeof(reason),
				"another function of its card: %.300s", o->error);
		else
			continue;
		drop_card(j, outcomes, bad, reason);
	}
}

/* A device on which a child hangs comes last: its lock may be taken, and the others must not wait
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
	/* Undoing is what an interrupt asks for: it is not interruptible. */
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

/* Runs again if a child was killed: otherwise its device would not be restored, and a slot would be
 * half bound. */
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

/* An override that could not be restored keeps every host driver away until it is cleared. */
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

/* Once something was written, each device's outcome has its own error, and err is empty. */
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
