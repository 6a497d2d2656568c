/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SYSFS_H
#define PCI_SYSFS_H

#include "base/err.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * All access to /sys goes through here, relative to directories that are opened once, so that a
 * recorded or fake tree serves in place of the real one.
 *
 * System calls dominate the cost at boot (reading a device's modalias costs the kernel some 20,000
 * instructions, our own code a few hundred), so descriptors that were read are closed many at a
 * time with close_range(2).
 */
struct sysfs {
	int devices;  /* bus/pci/devices */
	bool has_bus; /* bus is the directory of the listed functions from bus_first on */
	int bus;
	size_t bus_first, walked; /* places in the list: the one at which a walk is */
	int first, open;          /* descriptors to be closed: first .. first + open - 1 */
	struct pci_addr *listed;  /* all devices, once sysfs_each_device has listed them */
	size_t n_listed, size_listed;
};

/* path NULL: /sys. -ENOENT with a text if it has no bus/pci/devices. */
int sysfs_open(struct sysfs *ret, const char *path, struct err *err) _must_check_;
void sysfs_done(struct sysfs *s);

/* Opens another directory below path (NULL: /sys); a descriptor or -errno. */
int sysfs_directory(const char *path, const char *below) _must_check_;

/*
 * Reads an attribute of a device ("modalias") as a NUL-terminated text without its final newline.
 * Returns its length or -errno. A failed read is tried once more, because a guard does not protect
 * a device that it does not see.
 */
ssize_t sysfs_read(
	struct sysfs *s, struct pci_addr addr, const char *attribute, char *buf, size_t size);

/*
 * Reads `size` bytes of a binary attribute from an offset; returns the number of bytes read, or
 * -errno.
 */
ssize_t sysfs_read_at(struct sysfs *s, struct pci_addr addr, const char *attribute, off_t offset,
	void *buf, size_t size);

/*
 * The last part of a link's target: "driver" → "nvme", "iommu_group" → "12". Returns its length, 0
 * and "" if there is no such link, or -errno.
 */
ssize_t sysfs_link(struct sysfs *s, struct pci_addr addr, const char *link, char *buf, size_t size);

/*
 * Calls each(addr, to) for every PCI device, bus by bus. Stops at the first non-zero result and
 * returns it. Skips names that are not addresses. The directory of a bus with many functions is
 * opened, and its functions are read from there, without the link of each in bus/pci/devices: a
 * third of what reading modalias costs the kernel. The functions of a bus have one parent
 * (pci_setup_device in drivers/pci/probe.c, pci_iov_add_virtfn in drivers/pci/iov.c).
 */
int sysfs_each_device(struct sysfs *s, int (*each)(struct pci_addr addr, void *to), void *to,
	struct err *err) _must_check_;

/*
 * The functions in the slot of an existing function: bit n for function n. Read from the list of
 * all devices if there is one, else from the device's parent directory, which has one bus.
 */
int sysfs_functions(struct sysfs *s, struct pci_addr addr, unsigned *ret_mask) _must_check_;

/*
 * The secondary bus of a bridge (secondary_bus_number, drivers/pci/pci-sysfs.c), or -errno: -ENOENT
 * if the device is not a bridge or does not exist.
 */
int sysfs_secondary_bus(struct sysfs *s, struct pci_addr bridge, uint8_t *ret);

/* True if a driver of this name is registered on the PCI bus. */
bool sysfs_has_driver(struct sysfs *s, const char *driver);

/*
 * The functions that write below /sys; tools/check-layers has the list of callers. A text is
 * written in one write(2), as sysfs requires. Returns 0 or -errno.
 */
int sysfs_write(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);
int sysfs_probe(struct sysfs *s, struct pci_addr addr); /* bus/pci/drivers_probe */

/*
 * Unbinds the firmware's framebuffer, a platform device ("efi-framebuffer.0"), from its driver, to
 * free the BAR of a display that is to be bound. -ENOENT if it has no driver or does not exist.
 */
int sysfs_release_framebuffer(struct sysfs *s, const char *name);

/*
 * Binds a device without a driver to the given one, whatever others match: writes to its `bind`
 * (bind_store in drivers/base/bus.c). -ENOENT if no such driver is registered ("" never is),
 * -ENODEV if it refuses the device, -EBUSY if another driver has it.
 */
int sysfs_attach(struct sysfs *s, struct pci_addr addr, const char *driver);

/*
 * Writes an attribute and returns its previous value (as sysfs_read does), through one descriptor.
 */
int sysfs_swap(struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text,
	char *prev_override, size_t size);

/*
 * Reads anything below /sys by its path from there ("class/block/sda/size"), for output to people.
 * Boot reads attributes of PCI functions only, through pci/sysfs.
 */
#define SYSFS_PATH_MAX 512

/* The file's text without its final newline, cut at the buffer; returns its length or -errno. */
ssize_t sysfs_path_read(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);

/* The whole target of a link; returns its length or -errno. */
ssize_t sysfs_path_link(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);

bool sysfs_path_exists(struct sysfs *s, const char *fmt, ...) _printf_(2, 3);

/*
 * Calls each(name, to) for each entry of a directory, in version order (nvme2n1 before nvme10n1).
 * Stops at the first non-zero result and returns it; a directory that does not exist has no
 * entries. -ENOMEM.
 */
int sysfs_path_each(struct sysfs *s, const char *path, int (*each)(const char *name, void *to),
	void *to) _must_check_;

/* A whole file, which the caller frees; NULL if there is none or it is too large. */
char *sysfs_path_text(struct sysfs *s, const char *path);

/*
 * The PCI function that a device belongs to, from the target of a link in /sys/class: the last
 * address in it. False if there is none (a virtual device).
 */
bool sysfs_path_owner(const char *target, struct pci_addr *ret);

#endif
