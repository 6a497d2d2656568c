/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_HELD_H
#define CLI_HELD_H

#include "base/err.h"
#include "base/str.h"
#include "core/plan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * What must not be taken from under its users on a running system, for every command that unbinds:
 * the kernel's word (core/in_use), and by name who has a node open (host/in_use_by).
 */
struct held_rules {
	bool live;  /* sysfs is that of this machine */
	bool force; /* open nodes and interfaces are passed over, and that is told; a claim never */
};

/*
 * Is the device to be left as it is? 1, with the reason as words behind "in use"; 0; or -ENOMEM.
 */
int held_ask(struct text *ret, struct sysfs *s, const struct device *d, struct held_rules rules,
	struct err *err) _must_check_;

/* Refuses, slot by slot, what the plan would take from a host driver under its users. 0 or -ENOMEM.
 */
int held_refuse(
	struct plan *p, struct sysfs *s, struct held_rules rules, struct err *err) _must_check_;

#endif
