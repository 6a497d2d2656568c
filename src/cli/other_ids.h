/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OTHER_IDS_H
#define CLI_OTHER_IDS_H

#include "pci/scan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Ids that vfio-pci or pci-stub is given by others than vfio-bind: by which it claims devices that
 * no guard was asked about.
 */
struct other_id {
	char *from; /* "'vfio-pci.ids=…' on the kernel command line", "/etc/modprobe.d/x.conf:3" */
	char *module; /* as it is written there */
	char *ids;    /* the list, commas between */
	bool is_word; /* of the kernel command line: the only place that reaches a built-in module
		       */
};

struct other_ids {
	struct other_id *at;
	size_t n;
	bool failed; /* no memory for all of them */
};

/*
 * Reads the kernel command line (the whole of a word, however long), modprobe.d(5) in its five
 * directories below root, and the modules of initramfs-tools(7). root NULL: the command line alone.
 * Each place that names ids is one, whether or not a later one wins.
 */
void other_ids_read(struct other_ids *ret, const char *root, const char *cmdline);
void other_ids_done(struct other_ids *o);

/*
 * Does a list mean the device? vendor:device[:subvendor[:subdevice[:class[:class_mask]]]],
 * hexadecimal, ffffffff for any; what can't be read is passed over (vfio_pci_fill_ids in
 * drivers/vfio/pci/vfio_pci.c, pci_match_one_device in drivers/pci/pci.h).
 */
bool other_ids_mean(const char *list, const struct device *d);

/*
 * Has vfio-pci, a driver of its kind or pci-stub the device by an id, and not by an override? False
 * too where that can't be told.
 */
bool other_ids_have(struct sysfs *s, const struct device *d);

#endif
