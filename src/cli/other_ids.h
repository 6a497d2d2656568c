/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OTHER_IDS_H
#define CLI_OTHER_IDS_H

#include "host/other_tools.h"
#include "pci/device.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Ids that vfio-pci or pci-stub gets from other tools than vfio-bind: with them it claims devices
 * that no guard has checked.
 */
enum other_id_source {
	OTHER_ID_MODPROBE,  /* modprobe.d, in libkmod's order */
	OTHER_ID_WORD,      /* the kernel command line: the only one for a built-in module */
	OTHER_ID_INITRAMFS, /* modules of initramfs-tools(7), with which modprobe is run */
};
struct other_id {
	char *from; /* "'vfio-pci.ids=…' on the kernel command line", "/etc/modprobe.d/x.conf:3" */
	char *module; /* as it is spelt there */
	char *ids;    /* the list, separated by commas */
	enum other_id_source source;
};

struct other_ids {
	struct other_id *at;
	size_t n;
	bool failed; /* no memory for all of them */
};

/*
 * Reads the kernel command line (each word whole, however long), modprobe.d(5) in its five
 * directories below root, and the modules of initramfs-tools(7). root NULL: the command line alone.
 * Each place with ids is an entry, whether or not a later one wins.
 */
void other_ids_read(struct other_ids *ret, const char *root, const char *cmdline);
void other_ids_done(struct other_ids *o);

/* Calls each for the lines of the modules of initramfs-tools(7), as if they were options in
 * modprobe.d: "vfio-pci ids=10de:2204". Stops at the first non-zero result; 0, or -ENOMEM. */
int other_ids_initramfs(
	int root, int (*each)(const struct modprobe_line *line, void *to), void *to) _must_check_;

/*
 * The entry of a module that is in force, or NULL: a string parameter keeps its last value
 * (kernel/params.c), and libkmod passes those of modprobe.d first, then those of the kernel command
 * line, then the arguments of modprobe.
 */
const struct other_id *other_ids_in_force(const struct other_ids *o, const char *module);

/*
 * True if a list matches the device: vendor:device[:subvendor[:subdevice[:class[:class_mask]]]],
 * hexadecimal, ffffffff for any; invalid entries are skipped (vfio_pci_fill_ids in
 * drivers/vfio/pci/vfio_pci.c, pci_match_one_device in drivers/pci/pci.h).
 */
bool other_ids_mean(const char *list, const struct device *d);

/*
 * True if vfio-pci, a similar driver or pci-stub has the device by an id, and not by an override.
 * False too if that is not known.
 */
bool other_ids_have(struct sysfs *s, const struct device *d);

#endif
