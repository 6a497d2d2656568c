/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ctx.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/guard.h"
#include "core/imageinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct boot_switch sysroot_switch(const struct sysroot *w)
{
	if (w->cmdline)
		return boot_switch_parse(w->cmdline);
	_cleanup_(str_free) char *line = NULL;
	if (kcmdline_read(&line, NULL) == 0)
		return boot_switch_parse(line);
	return (struct boot_switch){.mode = BOOT_OFF,
		.reason = "/proc/cmdline can't be read, it may say vfio_bind=off"};
}

const char *sysroot_config_file(const struct sysroot *w)
{
	const char *named = w->config ? w->config : w->replayed;

	return named ? named : CONFIG_PATH;
}

/*
 * Reads the config of a sysroot, reported by its path (/etc/vfio-bind.conf for a record). Returns
 * as config_read.
 */
static int sysroot_config(struct config *ret, const struct sysroot *w)
{
	/* A file that is named to a command which only reads, or that works on a tree, may belong
	 * to any user. */
	bool to_do = !w->config || (w->acts && !w->sysfs);

	if (w->replayed && !w->config)
		return config_read_copy(ret, w->replayed, CONFIG_PATH);
	return config_read(ret, sysroot_config_file(w), to_do);
}

/* True if the image was made for a kernel command line with other words of what the host boots
 * from. The record is a copy, so that the caller goes on where it was. */
static bool is_of_other_host(struct imageinfo record, const struct boot_switch *b)
{
	const char *line = imageinfo_next(&record, "host");
	char now[20];

	if (!line || !b->host_words)
		return false;
	(void)snprintf(now, sizeof(now), "%016" PRIx64, b->host_words);
	return !str_equal(line, now);
}

/* 1 if there is a record, 0 if not, or -ENOMEM. A record that can't be read, or is of another host,
 * contains nothing. */
static int read_record(
	struct protected_list *ret, const struct sysroot *w, const struct boot_switch *b)
{
	_cleanup_(imageinfo_done) struct imageinfo record = {0};
	struct err err = {""};
	const char *line;
	bool has_list = false;

	int r = imageinfo_read(&record, sysroot_config_file(w), &err);
	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		protected_set_unknown(ret, "%.150s", err.text);
	if (is_of_other_host(record, b)) {
		if (w->find)
			return 0;
		protected_set_unknown(ret,
			"the kernel command line has another root, resume or key than when this image was made");
		return 1;
	}
	while ((line = imageinfo_next(&record, "keep"))) {
		has_list = true;
		if (protected_parse(ret, line) < 0)
			return -ENOMEM;
	}
	if (!has_list)
		protected_set_unknown(ret, "this image does not say what it is on; rebuild it");
	return 1;
}

static bool has_driver(const struct verdict *v, struct sysfs *s)
{
	char driver[32];

	return sysfs_link(s, v->device->addr, "driver", driver, sizeof(driver)) != 0;
}

static bool some_has_driver(const struct plan *p, struct sysfs *s)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && has_driver(v, s))
			return true;
	}
	return false;
}

static int add_running(struct protected_list *keep, const char *root, bool alone,
	const struct sysroot *w, struct sysfs *s, struct err *err)
{
	_cleanup_(protected_done) struct protected_list found = {0};
	int r = w->find(&found, root, w->cmdline, s, err);

	for (size_t i = 0; r == 0 && i < found.n; i++)
		r = protected_add(keep, &found.at[i]);
	keep->keyboard_elsewhere |= found.keyboard_elsewhere;
	keep->route_elsewhere |= found.route_elsewhere;
	if (alone) { /* else the record knows what there is */
		memcpy(keep->doubts, found.doubts, sizeof(keep->doubts));
		keep->ended = found.ended;
		if (found.unknown[0])
			protected_set_unknown(keep, "%s", found.unknown);
	}
	return r;
}

/* True where boot has left a whole list. */
static bool take_from_state(struct protected_list *ret, struct run_state *state)
{
	if (!state || !protected_is_complete(&state->protected))
		return false;
	*ret = state->protected;
	state->protected = (struct protected_list){0};
	return true;
}

/* The host may boot from a controller that has a driver by now, where it is not known from which.
 */
static void refuse_with_driver(struct plan *p, struct sysfs *s, const struct protected_list *k)
{
	bool takes_one = false;

	if (protected_is_complete(k))
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !guard_is_needed(v->device->class))
			continue;
		if (has_driver(v, s))
			guard_refuse_card(p, v,
				"the host may boot from it: it has a driver, and the image does not say from which devices the host boots");
		else
			takes_one = true;
	}
	if (!takes_one)
		p->unverified[0] = '\0';
}

/*
 * Refuses the devices that the host boots from (guard_protected). Nothing is read where the plan
 * binds nothing that may be one. They are in the image's record; for `hotplug` also in what boot
 * left in /run (core/run_state). The running system is searched (w->find) where there is neither,
 * and where a device that would be bound has a driver already, because its disks may be in use. A
 * tree in place of /sys says nothing of a root; it is searched only with one (--root).
 *
 * In an image (w->find is NULL) nothing is searched: without a whole record, controllers of disks,
 * networks and keyboards are bound only if the config names them other than by id, and only if they
 * have no driver. *ret is what was read, and is to be emptied with protected_done in each case.
 */
static int protected_load(struct protected_list *ret, struct plan *p, struct sysfs *s,
	const struct sysroot *w, const struct boot_switch *b, struct err *err)
{
	const char *root = w->root || w->sysfs ? w->root : "/";

	if (!guard_needs_protected(p))
		return 0;
	int has_record = read_record(ret, w, b);
	if (has_record == 0)
		has_record = take_from_state(ret, w->state);
	int r = has_record < 0 ? has_record : 0;
	if (r == 0 && !has_record && root && !w->find)
		protected_set_unknown(ret, "this image does not say what it is on; rebuild it");
	if (r == 0 && root && w->find && (!has_record || some_has_driver(p, s)))
		r = add_running(ret, root, !has_record, w, s, err);
	if (r < 0)
		return err_set(
			err, -r, "cannot find the devices the host boots from: out of memory");
	protected_locate(ret, s);
	guard_protected(p, has_record || root ? ret : NULL, b->network);
	if (root && !w->find)
		refuse_with_driver(p, s, ret);
	return 0;
}

static bool chooses_driver(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->verdicts[i].action == ACTION_BIND &&
			(p->verdicts[i].automatic ||
				(!str_equal(p->verdicts[i].driver, DEFAULT_DRIVER) &&
					!str_equal(p->verdicts[i].driver, NO_DRIVER))))
			return true;
	return false;
}

/* Of a tree that only replaces /sys no modules are known. */
static int choose_drivers(struct ctx *s, const struct sysroot *w)
{
	struct plan *p = &s->plan;
	int r = 0;

	if (!chooses_driver(p))
		return 0;
	if (!w->variants)
		r = variants_read(&s->variants, sysroot_config_file(w));
	else if (!w->sysfs || w->root)
		r = w->variants(&s->variants, p, w->root ? w->root : "");
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		const struct variant *one = v->automatic && v->device
						    ? variants_find(&s->variants, v->device)
						    : NULL;
		if (one)
			v->driver = one->driver;
		v->late = !w->variants && variants_late(&s->variants, v->driver);
		size_t len = strlen(v->reason);
		if (one || v->late)
			(void)snprintf(v->reason + len, sizeof(v->reason) - len, "%s%s",
				one ? "; the kernel has this driver for it" : "",
				v->late ? "; the host loads its driver" : "");
	}
	return r;
}

static int plan_guarded(
	struct ctx *s, const struct sysroot *w, const struct boot_switch *b, struct err *err)
{
	int r = plan_make(&s->plan, &s->config, &s->host, b, err);

	if (r == 0 && choose_drivers(s, w) < 0)
		r = err_set(err, ENOMEM, "out of memory for the drivers");
	if (r == 0)
		r = protected_load(&s->protected, &s->plan, &s->sysfs, w, b, err);
	if (r == 0 && s->config.strict_groups && groups_refuse(&s->plan, &s->sysfs) < 0)
		r = err_set(err, ENOMEM, "out of memory for the IOMMU groups");
	return r;
}

struct boot_display_from sysroot_display(const struct sysroot *w)
{
	return (struct boot_display_from){.root = w->root,
		.live = !w->sysfs && !w->root,
		.running = !w->boots,
		.screens = w->screens};
}

static int look(struct ctx *s, const struct sysroot *w, struct err *err)
{
	const struct boot_display_from from = sysroot_display(w);

	return probe_devices(&s->host, &s->config, &s->sysfs, &from, err);
}

int ctx_plan(struct ctx *s, const struct sysroot *w, const struct boot_switch *b, struct err *err)
{
	int r = sysfs_open(&s->sysfs, w->sysfs, err);

	if (r == 0)
		r = look(s, w, err);
	return r < 0 ? r : plan_guarded(s, w, b, err);
}

int ctx_choose_profile(struct config *c, const struct boot_switch *b)
{
	int r = b->has_profile ? profile_choose(c, b->profile) : 0;

	return r == -ENOENT ? profile_choose(c, NULL) : r;
}

/* Of the command line, or the default that the config has. */
static int choose_profile(struct ctx *s, const struct boot_switch *b)
{
	struct config *c = &s->config;
	char names[PROFILE_NAMES_MAX];
	int r = b->has_profile ? profile_choose(c, b->profile) : 0;

	s->profile_unknown = r == -ENOENT;
	if (s->profile_unknown)
		(void)snprintf(s->profile_reason, sizeof(s->profile_reason),
			"vfio_bind.profile=%s: %s has no such profile; valid: %s", b->profile,
			c->path, profile_names(c, names));
	else if (r == 0 && str_equal(c->profile, PROFILE_NONE))
		(void)snprintf(s->profile_reason, sizeof(s->profile_reason),
			"profile " PROFILE_NONE " is chosen");
	return s->profile_unknown ? 0 : r;
}

int ctx_read(struct ctx *ret, const struct sysroot *w, const struct boot_switch *b, struct err *err)
{
	const char *path = w->config ? w->config : CONFIG_PATH;

	*ret = (struct ctx){.config = {.path = path, .file = path}, .sysfs = {.devices = -1}};
	ret->plan.config = &ret->config;
	if (b->mode != BOOT_BIND)
		ret->plan.off = b->reason;
	if (b->mode == BOOT_OFF)
		return 0;

	int r = sysroot_config(&ret->config, w);
	if (r == 0)
		r = choose_profile(ret, b);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "%s: out of memory", path);
	if (r < 0)
		return -EINVAL;
	r = ctx_plan(ret, w, b, err);
	if (ret->profile_reason[0])
		ret->plan.off = ret->profile_reason;
	return r;
}

static bool no_groups(const struct probe *h)
{
	for (size_t i = 0; i < h->devices.n; i++)
		if (h->devices.at[i].group >= 0)
			return false;
	return true;
}

int ctx_plan_preview(struct ctx *ret, const struct sysroot *w, const char *name, const char *text,
	size_t len, bool is_file, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};

	*ret = (struct ctx){.config = {.path = name, .file = name}, .sysfs = {.devices = -1}};
	ret->plan.config = &ret->config;
	int r = is_file ? config_parse(&ret->config, name, text, len)
			: config_parse_own(&ret->config, name, text, len);
	if (r < 0)
		return err_set(
			err, -r, "%s", r == -ENOMEM ? "out of memory" : ret->config.errors[0]);
	r = sysfs_open(&ret->sysfs, w->sysfs, err);
	if (r == 0)
		r = look(ret, w, err);
	if (r < 0)
		return r;
	ret->groups_by_slots = no_groups(&ret->host);
	if (ret->groups_by_slots)
		for (size_t i = 0; i < ret->host.devices.n; i++)
			ret->host.devices.at[i].group = 0;
	probe_drivers(&ret->host, &ret->sysfs);
	return plan_guarded(ret, w, &bind, err);
}

int ctx_may_match(
	const struct sysroot *w, const struct boot_switch *b, struct pci_addr addr, struct err *err)
{
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	int r = sysroot_config(&c, w);

	if (r == 0 && b->has_profile && profile_choose(&c, b->profile) == -ENOMEM)
		r = -ENOMEM;
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory for the config");
	if (r < 0)
		return 0;
	r = sysfs_open(&s, w->sysfs, err);
	return r < 0 ? r : probe_may_match(&c, &s, addr, err);
}

/* Created by vmcore_init (fs/proc/vmcore.c) if the memory of another kernel is available. */
#define VMCORE "/proc/vmcore"

void ctx_ask_crash(struct ctx *s, const struct sysroot *w)
{
	if (!s->plan.off && !w->sysfs && plan_binds(&s->plan) && access(VMCORE, F_OK) == 0)
		s->plan.off = "this kernel saves the memory of a crashed one (" VMCORE ")";
}

void ctx_read_groups(struct ctx *s, enum groups_of who)
{
	for (size_t i = 0; i < s->host.devices.n; i++) {
		struct device *d = &s->host.devices.at[i];
		if (d->group_later && d->group < 0)
			scan_group(&s->sysfs, d);
	}
	if (groups_look(&s->groups, &s->plan, &s->sysfs, who) == 0)
		s->plan.groups = &s->groups;
}

void ctx_done(struct ctx *s)
{
	plan_done(&s->plan);
	variants_done(&s->variants);
	protected_done(&s->protected);
	groups_done(&s->groups);
	probe_done(&s->host);
	sysfs_done(&s->sysfs);
	config_done(&s->config);
}

void ctx_log_errors(const struct config *c)
{
	for (size_t i = 0; i < c->n_errors; i++)
		log_print(LOG_ERROR, "%s", c->errors[i]);
	if (c->more_errors > 0)
		log_print(LOG_ERROR, "%s: and %zu more errors", c->path, c->more_errors);
}
