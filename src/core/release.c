/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/release.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/apply.h"
#include "core/kmod.h"
#include "core/plan.h"
#include "core/report.h"
#include "core/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void release_settings(struct sysfs *s, struct pci_addr addr, const char *reset, const char *d3cold)
{
	if (reset[0])
		(void)sysfs_write(s, addr, "reset_method", reset);
	if (d3cold[0])
		(void)sysfs_write(s, addr, "d3cold_allowed", d3cold);
}

/* Reading it waits for the device lock (driver_override_show), so it is a step, too. */
static void do_clear(const struct work *w, struct release *d)
{
	char now[64];

	release_settings(w->o->sysfs, d->addr, d->prev_reset, d->prev_d3cold);
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

/* ---- notes ---------------------------------------------------------------------------------- */

#define RELEASED_NOTE "released"
#define MODALIAS_MAX 128
#define PLACE_MAX 512

static bool place_of(
	char buf[static PLACE_MAX], const char *dir, struct pci_addr addr, const char *name)
{
	char address[PCI_ADDR_MAX];

	return (size_t)snprintf(buf, PLACE_MAX, "%s/%s%s", dir, pci_addr_format(addr, address),
		       name) < PLACE_MAX;
}

static int note_write(const char *dir, struct pci_addr addr, const char *name, const char *data,
	size_t len, struct err *err)
{
	char place[PLACE_MAX];

	if (!place_of(place, dir, addr, ""))
		return err_set(err, ENAMETOOLONG, "%s: too long a name", dir);
	_cleanup_(fd_close) int fd = report_dir_open(place, err);
	return fd < 0 ? fd : file_replace_volatile(fd, name, data, len, 0644, err);
}

static void note_remove(const char *dir, struct pci_addr addr, const char *name)
{
	char place[PLACE_MAX];

	if (place_of(place, dir, addr, name))
		(void)unlink(place);
}

int released_note(const char *dir, struct sysfs *s, struct pci_addr addr, struct err *err)
{
	char modalias[MODALIAS_MAX];
	ssize_t n = sysfs_read(s, addr, "modalias", modalias, sizeof(modalias));

	if (n < 0)
		return err_set(err, (int)-n, "can't tell which device it is");
	return note_write(dir, addr, RELEASED_NOTE, modalias, (size_t)n, err);
}

bool released_is(const char *dir, struct sysfs *s, struct pci_addr addr)
{
	char place[PLACE_MAX], modalias[MODALIAS_MAX], noted[MODALIAS_MAX];

	if (!place_of(place, dir, addr, "/" RELEASED_NOTE))
		return false;
	ssize_t n = file_read_small(AT_FDCWD, place, noted, sizeof(noted));
	if (n < 0)
		return n != -ENOENT && n != -ENOTDIR;
	return sysfs_read(s, addr, "modalias", modalias, sizeof(modalias)) < 0 ||
	       str_equal(noted, modalias);
}

static void released_end(const char *dir, struct pci_addr addr)
{
	note_remove(dir, addr, "/" RELEASED_NOTE);
}

void released_refuse(struct plan *p, const char *dir, struct sysfs *s)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !released_is(dir, s, v->device->addr))
			continue;
		v->action = ACTION_REFUSE;
		(void)snprintf(v->reason, sizeof(v->reason),
			"`vfio-bind release` gave it back to the host in this boot; `vfio-bind bind %s` takes it again",
			pci_addr_format(v->device->addr, address));
	}
}

#define DRIVER_NOTE "host-driver"
#define DRIVER_NOTE_MAX 128
#define NO_MODULE "-"

int prev_driver_save(const char *dir, struct sysfs *s, const struct device *d, struct err *err)
{
	char module[sizeof((struct prev_driver){0}.module)], id[PCI_ID_MAX], line[DRIVER_NOTE_MAX];

	if (!d->driver[0] || release_is_vfio(d->driver))
		return 0;
	if (sysfs_link(s, d->addr, "driver/module", module, sizeof(module)) <= 0)
		(void)str_copy(module, sizeof(module), NO_MODULE);
	int len = snprintf(
		line, sizeof(line), "%s %s %s\n", pci_id_format(&d->id, id), module, d->driver);

	return note_write(dir, d->addr, DRIVER_NOTE, line, (size_t)len, err);
}

/* The word becomes part of a path below /sys, or a module name. */
static bool is_name(const char *word, size_t size)
{
	return word && *word && strlen(word) < size && *word != '.' && !strchr(word, '/');
}

static bool parse_note(char *line, struct prev_driver *ret, struct pci_id *ret_id)
{
	size_t end = strcspn(line, "\n");

	if (!str_equal(line + end, "\n"))
		return false;
	line[end] = '\0';
	/* A driver's name may contain a blank, so it comes last. */
	const char *id = strsep(&line, " "), *module = strsep(&line, " "), *driver = line;
	if (!pci_id_parse(id, ret_id) || !is_name(module, sizeof(ret->module)) ||
		!is_name(driver, sizeof(ret->driver)) || release_is_vfio(driver))
		return false;
	(void)str_copy(ret->driver, sizeof(ret->driver), driver);
	(void)str_copy(
		ret->module, sizeof(ret->module), str_equal(module, NO_MODULE) ? "" : module);
	return true;
}

int prev_driver_read(
	struct prev_driver *ret, const char *dir, const struct device *d, struct err *err)
{
	_cleanup_(str_free) char *line = NULL;
	char file[PLACE_MAX];
	struct prev_driver found;
	struct pci_id id;
	size_t len;

	*ret = (struct prev_driver){0};
	if (!place_of(file, dir, d->addr, "/" DRIVER_NOTE))
		return err_set(err, ENAMETOOLONG, "%s: too long a name", dir);
	int r = file_read(AT_FDCWD, file, DRIVER_NOTE_MAX, &line, &len, err);
	if (r == -ENOENT) {
		*err = (struct err){""};
		return 0;
	}
	if (r < 0)
		return r;
	if (strlen(line) != len || !parse_note(line, &found, &id))
		return err_set(
			err, EINVAL, "%s: does not name a device, a module and a driver", file);
	if (!pci_id_matches(&id, &d->id))
		return err_set(
			err, ESTALE, "%s: is of another device, which was there before", file);
	*ret = found;
	return 0;
}

void prev_driver_remove(const char *dir, struct pci_addr addr)
{
	note_remove(dir, addr, "/" DRIVER_NOTE);
}

/* A release that finds no note leaves it to the kernel, so that stops nothing. */
void prev_driver_save_all(const char *dir, const struct plan *p, struct sysfs *s)
{
	char address[PCI_ADDR_MAX];
	struct err err = {""};

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && prev_driver_save(dir, s, v->device, &err) < 0)
			log_print(LOG_WARNING,
				"%s: that it was on %s is not noted for `release`: %s",
				pci_addr_format(v->device->addr, address), v->device->driver,
				err.text);
	}
}

void prev_driver_after_bind(
	const char *dir, const struct plan *p, const struct apply_result *outcomes)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->verdicts[i].action != ACTION_BIND)
			continue;
		if (outcomes[i].holds)
			released_end(dir, p->verdicts[i].device->addr);
		else if (outcomes[i].after[0] && !release_is_vfio(outcomes[i].after))
			prev_driver_remove(dir, p->verdicts[i].device->addr);
	}
}

#define SETTINGS_NOTE "settings"
#define NOTED_RESET "reset_method "
#define NOTED_D3COLD "d3cold_allowed "

void settings_note_save(const char *dir, const struct plan *p, const struct apply_result *outcomes)
{
	char place[PLACE_MAX], text[2 * RESET_METHODS_MAX], address[PCI_ADDR_MAX];
	struct err err = {""};

	for (size_t i = 0; i < p->n; i++) {
		const struct apply_result *o = &outcomes[i];
		if (!o->attempted || (!o->holds && !o->overridden) ||
			(!o->prev_reset[0] && !o->prev_d3cold[0]))
			continue;
		struct pci_addr addr = p->verdicts[i].device->addr;
		if (place_of(place, dir, addr, "/" SETTINGS_NOTE) && access(place, F_OK) == 0)
			continue;
		int len = snprintf(text, sizeof(text), "%s%s%s%s%s%s",
			o->prev_reset[0] ? NOTED_RESET : "", o->prev_reset,
			o->prev_reset[0] ? "\n" : "", o->prev_d3cold[0] ? NOTED_D3COLD : "",
			o->prev_d3cold, o->prev_d3cold[0] ? "\n" : "");
		_cleanup_(fd_close) int top = report_dir_open(dir, &err);
		if (top < 0 || note_write(dir, addr, SETTINGS_NOTE, text, (size_t)len, &err) < 0)
			log_print(LOG_WARNING, "%s: what `release` is to put back is not noted: %s",
				pci_addr_format(addr, address), err.text);
	}
}

void settings_note_read(struct release *ret, const char *dir)
{
	char place[PLACE_MAX], text[2 * RESET_METHODS_MAX], *rest = text, *line;

	ret->prev_reset[0] = ret->prev_d3cold[0] = '\0';
	if (!place_of(place, dir, ret->addr, "/" SETTINGS_NOTE) ||
		file_read_small(AT_FDCWD, place, text, sizeof(text)) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		if (str_starts(line, NOTED_RESET))
			(void)str_copy(ret->prev_reset, sizeof(ret->prev_reset),
				line + strlen(NOTED_RESET));
		else if (str_starts(line, NOTED_D3COLD))
			(void)str_copy(ret->prev_d3cold, sizeof(ret->prev_d3cold),
				line + strlen(NOTED_D3COLD));
	}
}

void settings_note_remove(const char *dir, struct pci_addr addr)
{
	note_remove(dir, addr, "/" SETTINGS_NOTE);
}
