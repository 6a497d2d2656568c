/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RELEASED_H
#define CORE_RELEASED_H

#include "base/err.h"
#include "core/plan.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * A device that `release` has released stays with the host until the next boot, or until `bind`
 * binds it again: no replayed event and no second `boot` binds it. A note is DIR/ADDRESS/released,
 * where DIR is the directory of the reports, and contains the device's modalias: another device at
 * the same address was not released.
 */

/* Returns 0, or -errno with a reason. */
int released_note(
	const char *dir, struct sysfs *s, struct pci_addr addr, struct err *err) _must_check_;

/* A note that exists but cannot be read counts. */
bool released_is(const char *dir, struct sysfs *s, struct pci_addr addr);

void released_end(const char *dir, struct pci_addr addr);

/* Refuses each released function; other functions of its card stay in the plan. */
void released_refuse(struct plan *p, const char *dir, struct sysfs *s);

#endif
