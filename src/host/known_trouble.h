/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_KNOWN_TROUBLE_H
#define HOST_KNOWN_TROUBLE_H

#include "pci/device.h"

#include <stdbool.h>
#include <stddef.h>

/* What is known of some devices in VMs, and sysfs does not show. */
struct known_trouble {
	const char *word; /* for programs: "amd-reset", "macos" */
	const char *what; /* "its Polaris chip is not reset by PCI's methods" */
	const char *detail;
	bool of_guest; /* it depends on the guest: of no concern to others */
};

/*
 * The rows that concern a function, one after another: *at is 0 for the first; NULL after the last.
 * reset: its methods, as the kernel names them.
 */
const struct known_trouble *known_trouble_next(
	const struct device *d, const char *reset, size_t *at);

/* True for the sound of an Intel Arc, a function of its own behind another port of the card. */
bool known_trouble_is_arc_audio(const struct device *d);

#endif
