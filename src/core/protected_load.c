/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/protected_load.h"

#include "core/guard.h"
#include "core/imageinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 1 where there is a record, 0 where not, or -ENOMEM. One that can't be read is one that says
 * nothing. */
static int read_record(struct protected_list *keep, const char *config)
{
	_cleanup_(imageinfo_done) struct imageinfo record = {0};
	struct err err = {""};
	const char *line;
	bool says = false;

	int r = imageinfo_read(&record, config, &err);
	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		protected_set_unknown(keep, "%.150s", err.text);
	while ((line = imageinfo_next(&record, "keep"))) {
		says = true;
		if (protected_parse(keep, line) < 0)
			return -ENOMEM;
	}
	if (!says)
		protected_set_unknown(keep, "this image does not say what it is on; rebuild it");
	return 1;
}

static bool some_has_driver(const struct plan *p, struct sysfs *s)
{
	for (size_t i = 0; i < p->n; i++) {
		char driver[32];
		if (p->verdicts[i].action == ACTION_BIND &&
			sysfs_link(s, p->verdicts[i].device->addr, "driver", driver,
				sizeof(driver)) != 0)
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

int protected_load(struct plan *p, struct sysfs *s, const struct sysroot *w,
	const struct boot_switch *b, struct err *err)
{
	_cleanup_(protected_done) struct protected_list keep = {0};
	const char *root = !w->find ? NULL : w->root || w->sysfs ? w->root : "/";

	if (!guard_needs_protected(p))
		return 0;
	int has_record = read_record(&keep, sysroot_config_file(w));
	int r = has_record < 0 ? has_record : 0;
	if (r == 0 && root && (!has_record || some_has_driver(p, s)))
		r = add_running(&keep, root, !has_record, w, s, err);
	if (r < 0)
		return err_set(
			err, -r, "cannot find the devices the host boots from: out of memory");
	protected_locate(&keep, s);
	guard_protected(p, has_record || root ? &keep : NULL, b->network);
	return 0;
}
