/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CARD_H
#define CORE_CARD_H

#include "base/err.h"
#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * What belongs to a card, and is bound as a whole or not at all. Only a display controller has
 * something that belongs to it:
 *
 * - the functions of its slot and vendor: sound, USB-C, a second head.
 * - audio of its vendor behind another downstream port of the switch on the card, which has the
 *   same vendor, too (Intel Arc: 8086:4fa0 above 8086:56a1 and 8086:4f90).
 *
 * Everything else is a unit of one function, which only an IOMMU group joins with others: ports of
 * a NIC, functions of a chipset or processor in one slot (all of a root bus), what other vendors
 * have in the slot of a display (an APU's USB controllers). So is a virtual function: it has the
 * slot of its card, or with ARI an empty one, only because of how its number is computed (PCI
 * Express Base Specification 6.0, section 9.2.1.2).
 */

/* True if two functions belong together, as cards_mark has found, or are the same function. */
bool card_same(const struct device *a, const struct device *b);

/*
 * Sets of_card and card in a sorted list whose is_virtual is set: only functions that are in the
 * list, and can be read, are found.
 */
void cards_mark(struct device_list *list, struct sysfs *s);

/*
 * Adds to the list what cards_mark needs to see of the card of a display or of an audio function
 * outside of its slot; d may be of the list. Reads nothing for other functions, and one link where
 * no switch is above.
 * Returns 0, or -ENOMEM, -EMFILE, -ENFILE with a text.
 */
int card_scan(struct sysfs *s, const struct device *d, struct device_list *list,
	struct err *err) _must_check_;

#endif
