/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_IDS_H
#define BOOTCFG_IDS_H

#include "bootcfg/kargs/karg_ops.h"
#include "shared/root.h"

/*
 * Builds vfio-pci.ids= for a vfio-pci that is built into the kernel, from /etc/vfio-bind.conf of
 * the same root: every id of [bind], and the ids after `=` of its addresses and paths. Merges them
 * with the ids on the command line. -EINVAL if the config is invalid or has no id; what an id
 * cannot express (an address alone, one of two identical cards, a subsystem) goes to notes.
 */
int ids_take(const struct root *r, struct karg_ops *to, struct strings *notes,
	struct err *err) _must_check_;

#endif
