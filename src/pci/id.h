/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_ID_H
#define PCI_ID_H

#include <stdbool.h>
#include <stdint.h>

/* The IDs of a function, or a pattern of them: PCI_ANY matches everything. */
struct pci_id {
	uint32_t vendor;
	uint32_t device;
	uint32_t subvendor;
	uint32_t subdevice;
};

#define PCI_ANY UINT32_MAX
#define PCI_ID_MAX sizeof("ffff:ffff:ffff:ffff")

/* Base class of PCI functions (PCI Code and ID Assignment Specification, section 1). */
#define PCI_BASE_DISPLAY 0x03
#define PCI_BASE_BRIDGE 0x06
#define PCI_CLASS_VGA 0x0300
#define PCI_CLASS_3D 0x0302

/* "vendor:device" or "vendor:device:subvendor:subdevice", '*' for a subsystem part. */
bool pci_id_parse(const char *s, struct pci_id *ret);

bool pci_id_matches(const struct pci_id *pattern, const struct pci_id *id);

/* "10de:2204", followed by the subsystem only if the pattern names one. */
const char *pci_id_format(const struct pci_id *id, char buf[static PCI_ID_MAX]);

/*
 * Reads the kernel's modalias line, "pci:v000010DEd00002204sv…sd…bc03sc00i00" (modalias_show in
 * drivers/pci/pci-sysfs.c). *ret_class has 24 bits, as the `class` file.
 */
bool pci_modalias_parse(const char *s, struct pci_id *ret_id, uint32_t *ret_class);

#endif
