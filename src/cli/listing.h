/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "core/plan.h"
#include "host/inventory.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stddef.h>

/* The functions shown by `list`, in the order of groups, then addresses. */
struct listing {
	const struct inventory *inventory;
	const struct plan *plan; /* of the config, or NULL */
	const struct function **shown;
	size_t n;
	bool asked_only;
};

/* The verdict on a function that the config selects, or NULL. */
const struct verdict *listing_verdict(const struct listing *l, const struct function *f);

/* The number of devices in a group, without bridges, a card counted once; more than one can only be
 * passed on together. 0 without a group. */
size_t listing_cards_of(const struct inventory *v, int group);

/* "nvme0n1 1.0 TB Samsung SSD 980: / /boot", wrapped at its words. */
void attached_print(const struct attached *b, struct term *p);

/* A line for each device that the config selects and that is not there. */
void listing_print_absent(const struct listing *l, struct term *p);

/*
 * The listing as a table: a line for each function with address, IOMMU group, driver, marks and
 * name; below it what is attached, and why it stays although the config selects it. Bridges and
 * system functions are only counted, unless one is selected, on a VFIO driver or part of a
 * display's card. Marks: boot display; asked, stays: selected, and what becomes of it; virtual: a
 * virtual function; shared: its group has other devices, which a VM needs as well. And where it
 * could be given to a VM, because the host does not use it: no reset, and of a display no ROM. The
 * name is wrapped on a narrow terminal.
 */
void listing_print_table(const struct listing *l, struct term *p);

#endif
