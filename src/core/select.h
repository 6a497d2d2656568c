/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include "core/config.h"
#include "pci/scan.h"

#include <stdbool.h>

/* The function that a selector's path leads to on this machine. */
struct pci_path {
	bool found;
	struct pci_addr addr;
};

/*
 * True if the selector matches this device. `path` is the selector's. For addresses and paths only
 * the place counts: a guard checks whether the id after '=' is still there (select_id_changed).
 * SELECT_GPUS matches every display controller except the firmware's boot display and those of
 * management controllers.
 */
bool select_matches(const struct selector *s, const struct pci_path *path, const struct device *d);

/* True if the device at an address or path with "=id" has another id. Never for an unreadable
 * device. */
bool select_id_changed(const struct selector *s, const struct device *d);

/* The first selector of [bind] (or of [exclude]) that matches the device, or NULL. */
const struct selector *select_first(
	const struct config *c, const struct pci_path *ways, const struct device *d, bool exclude);

#endif
