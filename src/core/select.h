/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include "core/config.h"
#include "pci/scan.h"

#include <stdbool.h>

/* Where the path of a selector leads on this machine. */
struct pci_path {
	bool found;
	struct pci_addr addr;
};

/*
 * Does the selector mean this device? `way` is the selector's. For addresses and paths the place
 * alone counts: whether the id behind '=' is still there is a guard's question (select_id_changed).
 * SELECT_GPUS means every display controller that is neither the firmware's boot display nor that
 * of a management controller.
 */
bool select_matches(const struct selector *s, const struct pci_path *path, const struct device *d);

/* Does an address or path with "=id" find another id there? Never for an unreadable device. */
bool select_id_changed(const struct selector *s, const struct device *d);

/* The first selector of [bind] (or of [exclude]) that means the device, or NULL. */
const struct selector *select_first(
	const struct config *c, const struct pci_path *ways, const struct device *d, bool exclude);

#endif
