/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SYSFS_H
#define PCI_SYSFS_H

#include "base/err.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The only door to /sys. All access is relative to directories that are opened once, so that a
 * recorded or fake tree serves in place of the real one.
 *
 * System calls are what boot pays for here (reading a device's modalias costs the kernel some
 * 20,000 instructions, our own code a few hundred), so descriptors that were read are closed many
 * at a time with close_range(2).
 */
struct sysfs {
	int devices;             /* bus/pci/devices */
	int first, open;         /* descriptors waiting to be closed: first .. first + open - 1 */
	struct pci_addr *listed; /* all devices, once sysfs_each_device has been through */
	size_t n_listed, size_listed;
};

/* path NULL: /sys. Without bus/pci/devices below it: -ENOENT and a text that says so. */
int sysfs_open(struct sysfs *ret, const char *path, struct err *err) _must_check_;
void sysfs_done(struct sysfs *s);

/* Opens another directory below path (NULL: /sys); a descriptor or -errno. */
int sysfs_directory(const char *path, const char *below) _must_check_;

/*
 * Reads an attribute of a device ("modalias") as a NUL-terminated text without its final newline.
 * Returns its length or -errno. A transient failure is tried once more, because a device that goes
 * unseen is a device that a guard does not protect.
 */
ssize_t sysfs_read(
	struct sysfs *s, struct pci_addr addr, const char *attribute, char *buf, size_t size);

/*
 * Reads `size` bytes of a binary attribute from an offset; returns how many there were, or -errno.
 */
ssize_t sysfs_read_at(struct sysfs *s, struct pci_addr addr, const char *attribute, off_t offset,
	void *buf, size_t size);

/*
 * The last part of a link's target: "driver" → "nvme", "iommu_group" → "12". Returns its length,
 * 0 and "" where there is no such link, or -errno.
 */
ssize_t sysfs_link(struct sysfs *s, struct pci_addr addr, const char *link, char *buf, size_t size);

/*
 * Calls each(slot, to) for every PCI device, in no order. Stops at the first non-zero answer and
 * returns it. Names that are no address are passed over.
 */
int sysfs_each_device(struct sysfs *s, int (*each)(struct pci_addr addr, void *to), void *to,
	struct err *err) _must_check_;

/*
 * The functions that exist beside a function that exists: bit n for function n. Where all devices
 * were listed before, that answers; else the device's parent directory does, which holds one bus.
 */
int sysfs_functions(struct sysfs *s, struct pci_addr addr, unsigned *ret_mask) _must_check_;

/*
 * The bus behind a bridge (secondary_bus_number, drivers/pci/pci-sysfs.c), or -errno: -ENOENT
 * where the device is no bridge or not there.
 */
int sysfs_secondary_bus(struct sysfs *s, struct pci_addr bridge, uint8_t *ret);

/* Is a driver of this name registered on the PCI bus? */
bool sysfs_has_driver(struct sysfs *s, const char *driver);

/*
 * The ways to write below /sys; tools/check-layers knows who may. A text goes out in one write(2),
 * as sysfs wants it. 0 or -errno.
 */
int sysfs_write(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);
int sysfs_probe(struct sysfs *s, struct pci_addr addr); /* bus/pci/drivers_probe */

/*
 * Takes the firmware's framebuffer, a platform device ("efi-framebuffer.0"), from its driver: that
 * of a display which is taken, so that its BAR is free. -ENOENT where it has no driver, or is gone.
 */
int sysfs_release_framebuffer(struct sysfs *s, const char *name);

/*
 * Has one driver take a device that has none, whoever else would: its `bind` (bind_store in
 * drivers/base/bus.c). -ENOENT where no such driver is registered ("" is
 * none), -ENODEV where it does not want
 * the device, -EBUSY where another has it.
 */
int sysfs_attach(struct sysfs *s, struct pci_addr addr, const char *driver);

/*
 * Writes an attribute and tells what it held before (as sysfs_read does), through one descriptor.
 */
int sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text,
	char *prev_override, size_t size);

#endif
