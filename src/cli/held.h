/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_HELD_H
#define CLI_HELD_H

#include "base/err.h"
#include "base/str.h"
#include "core/plan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * Devices in use on a running system, for every command that unbinds: as the kernel reports it
 * (core/in_use), and by the names of the processes that have a node open (host/in_use_by).
 */
struct held_rules {
	bool live;  /* sysfs is that of this machine */
	bool force; /* open nodes and interfaces are ignored, with a warning; a claim never is */
};

/*
 * Checks whether a device in use has to stay. 1, with the text "in use" and the reason; 0; or
 * -ENOMEM.
 */
int held_ask(struct text *ret, struct sysfs *s, const struct device *d, struct held_rules rules,
	struct err *err) _must_check_;

/* Refuses, slot by slot, devices that are in use on a host driver. 0 or -ENOMEM. */
int held_refuse(
	struct plan *p, struct sysfs *s, struct held_rules rules, struct err *err) _must_check_;

#endif
