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
 */
int protected_load(struct plan *p, struct sysfs *s, const struct sysroot *w,
	const struct boot_switch *b, struct err *err) _must_check_;

#endif
