/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "base/err.h"
#include "core/config.h"
#include "core/protected.h"
#include "pci/boot_display.h"
#include "pci/device.h"
#include "pci/sysfs.h"

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

/*
 * What a plan needs to know about the machine, and no more: the devices that the config may match,
 * their companions, and the display controllers if it matters which of them stay.
 */
struct probe {
	struct device_list devices; /* in address order */
	bool displays_known;        /* the list has every display controller of the machine */
	bool serials_hidden;        /* only root may read the serial numbers */
	struct boot_display boot;   /* searched only if a display may be bound */
	struct pci_path *paths;     /* one per selector of the config */
	/* The selectors by number, if they are many: first those of addresses, by slot, then the
	 * others. Else NULL. */
	struct select_place *places;
	size_t n_places; /* those of addresses */
};

/* The first selector of [bind] (or of [exclude]) that matches the device, or NULL. */
const struct selector *select_first(
	const struct config *c, const struct probe *h, const struct device *d, bool exclude);

/*
 * Reads as little as the config needs: addresses and paths are looked up one by one; only ids,
 * serials and `gpus = non-boot` need a list of all devices. Never reads a file that may wait for a
 * driver (driver_override takes the device lock). `from` NULL: the boot display is found from sysfs
 * alone. Returns 0 or a negative errno.
 */
int probe_devices(struct probe *ret, const struct config *c, struct sysfs *s,
	const struct boot_display_from *from, struct err *err) _must_check_;

/*
 * Returns 1 if the config may match a function of this slot, 0 if not, or a negative errno. Reads
 * only the slot's functions, so a selector by serial number, which would need a search, counts as a
 * match.
 */
int probe_may_match(const struct config *c, struct sysfs *s, struct pci_addr addr,
	struct err *err) _must_check_;

/* Reads the current driver of each device: for output only, no plan depends on it. */
void probe_drivers(struct probe *h, struct sysfs *s);

/*
 * Finds where the functions of the list are now: at their address, at the end of their path, or at
 * neither. Changed bus numbers change the address; another slot on the board changes both.
 */
void protected_locate(struct protected_list *k, struct sysfs *s);

void probe_done(struct probe *h);

#endif
