/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_DEVICE_H
#define PCI_DEVICE_H

#include "base/err.h"
#include "pci/address.h"
#include "pci/id.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One PCI function as sysfs shows it. */
struct device {
	struct pci_addr addr;
	struct pci_id id;
	uint32_t class; /* 24 bits: base, sub, programming interface */
	int error;      /* a negative errno if its id could not be read; id and class are 0 then */
	int boot_vga;   /* 1 or 0 from the file, -1 without one (only class 0300 has it) */
	bool is_boot_display; /* the firmware shows the boot on it (pci/boot_display) */
	bool has_screens; /* its driver created connectors (pci/boot_display; of 3D controllers) */
	bool is_virtual;  /* a virtual function (SR-IOV) that shares its slot with others */
	bool has_bus;     /* it has a bridge header: type 1 or 2 */
	bool of_card;     /* it belongs to the card of a display (core/card) */
	struct pci_addr card; /* the card's first display */
	bool detailed;        /* the members below were read */
	int group;            /* IOMMU group, -1 for none */
	bool group_later; /* it has none yet; it gets one when a driver is probed (scan_groups) */
	uint64_t serial;  /* PCIe Device Serial Number, 0 if not read or not present */
	char driver[32];  /* current driver, "" for none or not read */
};

/* In address order after scan_sort. Zero-initialised is empty. */
struct device_list {
	struct device *at;
	size_t n, size;
	bool sorted; /* known to be in address order: device_find need not walk */
};

/* The largest supported machine; beyond it scan_all fails rather than grow without a bound. */
#define DEVICES_MAX 65536

void device_list_done(struct device_list *list);

/* Base class 03: VGA, 3D (0302) and other display controllers. */
bool device_is_display(const struct device *d);

/* True if a screen can be connected to it: not to a virtual function, nor to a 3D controller (0302)
 * that is not the boot display and whose driver, if it has one, created no connectors. */
bool device_has_outputs(const struct device *d);

/* The display of a management controller (BMC): the remote console. */
bool device_is_bmc_display(const struct device *d);

/*
 * True for a bridge header, type 1 or 2, whatever the class: the kernel gives those a file
 * secondary_bus_number (pci_bridge_attrs_are_visible in drivers/pci/pci-sysfs.c), and vfio-pci
 * refuses them (PCI_HEADER_TYPE_NORMAL in vfio_pci_probe). NVSwitch (class 0680, type 0) is not a
 * bridge.
 */
bool device_is_bridge(const struct device *d);

/* True if the device stays with the host whatever the config has: a bridge, or a device with the
 * class of a host bridge (0600) or ISA bridge (0601), which have header type 0. */
bool device_is_fixed(const struct device *d);

struct device *device_find(const struct device_list *list, struct pci_addr addr);

/*
 * Adds one function to the list unless the list has it. Returns 1 if the device exists, 0 if not,
 * or -ENOMEM, -EMFILE, -ENFILE.
 */
int scan_one(struct sysfs *s, struct pci_addr addr, struct device_list *list,
	struct err *err) _must_check_;

/*
 * Where the serial numbers of PCI functions are. Since Linux 6.18 the kernel shows them in a file
 * serial_number, which only functions with a serial number have
 * (Documentation/ABI/testing/sysfs-bus-pci). If any function has one, configuration space, whose
 * reading wakes a suspended device, is not read at all. Lists the functions anew.
 */
enum scan_serials { SERIALS_IN_CONFIG_SPACE, SERIALS_IN_FILES };
enum scan_serials scan_serials_of(struct sysfs *s);
/* 0 if the function has none. */
uint64_t scan_serial(struct sysfs *s, struct pci_addr addr, enum scan_serials from);

/*
 * Walks all functions and adds those for which keep(device, arg) returns true, and all that could
 * not be read. with_serials: reads serial numbers, too; only for a config that selects by them.
 */
int scan_all(struct sysfs *s, struct device_list *list, bool with_serials,
	bool (*keep)(const struct device *d, const void *arg), const void *arg,
	struct err *err) _must_check_;

/* Reads what is needed of a selected device. The driver has a function of its own, because only
 * output for people needs it before the device is reserved. */
void scan_group(struct sysfs *s, struct device *d);

/*
 * Reads the groups of the devices for which wanted(device, arg) returns true. Where the IOMMU is
 * one described by a device tree or by ACPI's IORT or VIOT (an SMMU), a function gets its group
 * when a driver is probed, up to Linux 6.14: of_dma_configure and acpi_dma_configure, called by
 * really_probe in drivers/base/dd.c. Linux 6.15 does that when the device is registered
 * (bcb81ac6ae3c). So a function without a group and without a driver has group_later set if
 * /sys/class/iommu has an IOMMU other than Intel's (dmarN) and AMD's (ivhdN), which give every
 * function its group when they start.
 */
void scan_groups(struct sysfs *s, struct device_list *list,
	bool (*wanted)(const struct device *d, const void *arg), const void *arg);
void scan_driver(struct sysfs *s, struct device *d);

/* Sets is_virtual. Called only where something depends on it. */
void scan_virtual(struct sysfs *s, struct device *d);

/* Reads boot_vga of a VGA compatible device (class 0300), once. */
void scan_boot_vga(struct sysfs *s, struct device *d);

void scan_sort(struct device_list *list);

#endif
