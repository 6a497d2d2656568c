/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROTECTED_LOAD_H
#define CORE_PROTECTED_LOAD_H

#include "core/ctx.h"

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
int protected_load(struct protected_list *ret, struct plan *p, struct sysfs *s,
	const struct sysroot *w, const struct boot_switch *b, struct err *err) _must_check_;

#endif
