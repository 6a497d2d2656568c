/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_IDS_H
#define BOOTCFG_IDS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/*
 * vfio-pci.ids= for a vfio-pci that is built into the kernel, from /etc/vfio-bind.conf of the same
 * root: every id of [bind], and those behind `=` of its addresses and paths. Merged with what is on
 * the line. -EINVAL where the config is in error or names no id; what an id can't say (an address
 * alone, one of two identical cards, a subsystem) goes to notes.
 */
int ids_take(const struct root *r, struct karg_ops *to, struct strings *notes,
	struct err *err) _must_check_;

#endif
