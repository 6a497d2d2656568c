/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROTECTED_LOAD_H
#define CORE_PROTECTED_LOAD_H

#include "core/ctx.h"

/*
 * Has a plan leave alone what the host stands on (guard_protected), as the image's record and the
 * running system say. Where the plan binds nothing that matters, nothing is read. The running
 * system is asked where there is no record (then this is most likely no initramfs), or where
 * something that would be bound has a driver already, which tells the same: disks may be in use.
 * A tree that stands for /sys says nothing of a root; only with one (--root) it is asked.
 *
 * In an image (w->find is NULL) nothing is searched: without a whole record, controllers of disks,
 * networks and keyboards are bound only if the config names them other than by id, and only if they
 * have no driver. *ret is what was read, and is to be emptied with protected_done in each case.
 */
int protected_load(struct protected_list *ret, struct plan *p, struct sysfs *s,
	const struct sysroot *w, const struct boot_switch *b, struct err *err) _must_check_;

#endif
