/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_RELEASED_H
#define CORE_RELEASED_H

#include "base/err.h"
#include "core/plan.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * What `release` gave back stays with the host until the next boot, or until `bind` takes it again:
 * no replayed event and no second `boot` does. A note is DIR/ADDRESS/released, DIR being that of
 * the reports, and holds the device's modalias: another device that comes to the address is none
 * that was released.
 */

/* 0, or -errno with a reason. */
int released_note(
	const char *dir, struct sysfs *s, struct pci_addr addr, struct err *err) _must_check_;

/* A note that is there and can't be read counts. */
bool released_is(const char *dir, struct sysfs *s, struct pci_addr addr);

void released_end(const char *dir, struct pci_addr addr);

/* Refuses what was released, each function alone: what of its card was not stays as it is. */
void released_refuse(struct plan *p, const char *dir, struct sysfs *s);

#endif
