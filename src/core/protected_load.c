/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/protected_load.h"

#include "base/str.h"
#include "core/guard.h"
#include "core/imageinfo.h"
#include "core/run_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* 1 where boot has left a whole list, 0 where not, or -ENOMEM. */
static int read_state(struct protected_list *ret, const char *dir)
{
	_cleanup_(run_state_done) struct run_state state;
	int r = run_state_read(&state, dir, NULL);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || !protected_is_complete(&state.protected))
		return 0;
	*ret = state.protected;
	state.protected = (struct protected_list){0};
	return 1;
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
			guard_refuse_slot(p, v,
				"the host may boot from it: it has a driver, and the image does not say from which devices the host boots");
		else
			takes_one = true;
	}
	if (!takes_one)
		p->unverified[0] = '\0';
}

int protected_load(struct protected_list *ret, struct plan *p, struct sysfs *s,
	const struct sysroot *w, const struct boot_switch *b, struct err *err)
{
	const char *root = w->root || w->sysfs ? w->root : "/";

	if (!guard_needs_protected(p))
		return 0;
	int has_record = read_record(ret, w, b);
	if (has_record == 0 && w->state)
		has_record = read_state(ret, w->state);
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
