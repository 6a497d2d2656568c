/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SCAN_H
#define PCI_SCAN_H

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
	int error;    /* a negative errno where its id could not be read; id and class are 0 then */
	int boot_vga; /* 1 or 0 as the file says, -1 where there is none (only class 0300 has it) */
	bool is_boot_display; /* the firmware shows the boot on it (pci/boot_display) */
	bool has_screens;     /* its driver made connectors (pci/boot_display; of 3D controllers) */
	bool is_virtual;      /* a virtual function (SR-IOV) that shares its slot with others */
	bool has_bus;         /* its header is that of a bridge: type 1 or 2 */
	bool of_display;      /* it is a display controller, or of the slot and vendor of one
				 (scan_cards) */
	bool detailed;        /* the members below were looked up */
	int group;            /* IOMMU group, -1 where there is none */
	uint64_t serial; /* PCIe Device Serial Number, 0 where it was not asked for or is not there
			  */
	char driver[32]; /* who has it now, "" for nobody or where nobody looked */
};

/* In address order once scan_sort was called. Zero-initialised is empty. */
struct device_list {
	struct device *at;
	size_t n, size;
};

/* The largest machine we look at; beyond it scan_all fails rather than grow without a bound. */
#define DEVICES_MAX 65536

void device_list_done(struct device_list *list);

/* Base class 03: VGA, 3D (0302) and other display controllers. */
bool device_is_display(const struct device *d);

/* Can a screen hang on it? Not on a virtual function, nor on a 3D controller (0302) on which the
 * boot does not show and whose driver, if it has one, made no connectors. */
bool device_has_outputs(const struct device *d);

/* The display of a management controller (BMC): the console of who is not there. */
bool device_is_bmc_display(const struct device *d);

/*
 * A bridge by its header, type 1 or 2, whatever its class: the kernel gives those a file
 * secondary_bus_number (pci_bridge_attrs_are_visible in drivers/pci/pci-sysfs.c), and vfio-pci
 * refuses them (vfio_pci_probe's PCI_HEADER_TYPE_NORMAL). NVSwitch (class 0680, type 0) is none.
 */
bool device_is_bridge(const struct device *d);

/* It stays with the host whatever is asked: a bridge, or what has the class of a host bridge (0600)
 * or of an ISA bridge (0601), of header type 0 as they are. */
bool device_is_fixed(const struct device *d);

/*
 * Do two functions go together or not at all? A display controller does with those of its slot that
 * are of its vendor (its sound, USB-C), as scan_cards has found out; of other slots each function
 * is its own: ports of a NIC, what a chipset or a processor has in one slot. So is a virtual
 * function: that it has the slot of its card, or with ARI one in which there is no card at all, is
 * how its number came out (PCI Express Base Specification 6.0, section 9.2.1.2).
 */
bool device_same_card(const struct device *a, const struct device *b);

struct device *device_find(const struct device_list *list, struct pci_addr addr);

/*
 * Adds one function to the list unless it is there already. *ret (may be NULL) is valid until the
 * list grows. Returns 1 when the device exists, 0 when not, or -ENOMEM.
 */
int scan_one(struct sysfs *s, struct pci_addr addr, struct device_list *list,
	struct err *err) _must_check_;

/*
 * Walks all functions and keeps those that keep(device, arg) wants, and all that could not be read.
 * with_serials reads configuration space too, which wakes suspended devices: only for a config that
 * asks by serial number.
 */
int scan_all(struct sysfs *s, struct device_list *list, bool with_serials,
	bool (*keep)(const struct device *d, const void *arg), const void *arg,
	struct err *err) _must_check_;

/* Looks up what is needed of a device that was chosen. The driver is a look of its own, because
 * only people want to know it before the device is reserved. */
void scan_group(struct sysfs *s, struct device *d);
void scan_driver(struct sysfs *s, struct device *d);

/* Is it a virtual function? To be asked where something depends on it. */
void scan_virtual(struct sysfs *s, struct device *d);

/* Reads boot_vga where the device is VGA compatible (class 0300), once. */
void scan_boot_vga(struct sysfs *s, struct device *d);

void scan_sort(struct device_list *list);

/* Sets of_display in a list that is sorted and whose virtual functions are known. */
void scan_cards(struct device_list *list);

#endif
