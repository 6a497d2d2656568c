/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "base/err.h"
#include "core/config.h"
#include "core/protected.h"
#include "core/select.h"
#include "pci/boot_display.h"
#include "pci/scan.h"
#include "pci/sysfs.h"

/*
 * What a plan needs to know of the machine, and no more: the devices that the config may mean, the
 * functions they bring along, and the display controllers where it matters which of them stay.
 */
struct probe {
	struct device_list devices; /* in address order */
	bool displays_known;        /* every display controller of the machine is among them */
	bool serials_hidden;        /* only root may read where serial numbers stand */
	struct boot_display boot;   /* looked for only where a display may be taken */
	struct pci_path *paths;     /* one for each selector of the config */
};

/*
 * Looks at as little as the config needs: addresses and paths are looked up one by one; only ids,
 * serials and `gpus = non-boot` have every device listed. Never reads what may wait for a driver
 * (driver_override takes the device's lock). `from` NULL: the boot display is told from sysfs
 * alone. 0, or a negative errno when not even that is possible.
 */
int probe_devices(struct probe *ret, const struct config *c, struct sysfs *s,
	const struct boot_display_from *from, struct err *err) _must_check_;

/*
 * Does the config mean a function of this card? Looks at its functions only, so a selector by
 * serial number, which would take a search, counts as yes. 1, 0 or a negative errno.
 */
int probe_may_match(const struct config *c, struct sysfs *s, struct pci_addr addr,
	struct err *err) _must_check_;

/* Looks up who has each of the devices now: for people, no plan depends on it. */
void probe_drivers(struct probe *h, struct sysfs *s);

/*
 * Looks where the functions of the list are now: at their address, at the end of their way, or at
 * neither. A change of bus numbers moves the first, another slot of the board both.
 */
void protected_locate(struct protected_list *k, struct sysfs *s);

void probe_done(struct probe *h);

#endif
