/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SCAN_H
#define PCI_SCAN_H

#include "base/err.h"
#include "pci/id.h"
#include "pci/slot.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One PCI function as sysfs shows it. */
struct device {
	struct slot slot;
	struct pci_id id;
	uint32_t class; /* 24 bits: base, sub, programming interface */
	int error;    /* a negative errno where its id could not be read; id and class are 0 then */
	int boot_vga; /* 1 or 0 as the file says, -1 where there is none (only class 0300 has it) */
	bool is_virtual; /* a virtual function (SR-IOV) that shares its slot with others */
	bool detailed;   /* the members below were looked up */
	int group;       /* IOMMU group, -1 where there is none */
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

/* Base class: display_is covers VGA, 3D (0302) and other display controllers. */
bool device_is_display(const struct device *d);
bool device_is_bridge(const struct device *d);

/*
 * Do two functions go together? Those of one slot make a card, but a virtual function stands for
 * itself: that it has the slot of its card, or with ARI one in which there is no card at all, is
 * how its number came out (PCI Express Base Specification 6.0, section 9.2.1.2).
 */
bool device_same_card(const struct device *a, const struct device *b);

struct device *device_find(const struct device_list *list, struct slot slot);

/*
 * Adds one function to the list unless it is there already. *ret (may be NULL) is valid until the
 * list grows. Returns 1 when the device exists, 0 when not, or -ENOMEM.
 */
int scan_one(
	struct sysfs *s, struct slot slot, struct device_list *list, struct err *err) _must_check_;

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

#endif
