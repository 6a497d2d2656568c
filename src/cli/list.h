/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "core/plan.h"
#include "host/inventory.h"
#include "shared/term.h"

#include <stdbool.h>
#include <stdio.h>

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
/* The number of slots in a group, without bridges; more than one can only be passed on together. */
size_t listing_slots_of(const struct inventory *v, int group);

void listing_print(const struct listing *l, struct term *p);
void listing_print_tree(const struct listing *l, struct term *p);
void listing_print_json(const struct listing *l, FILE *f);

/* The vendor, shorter than in pci.ids: "NVIDIA", "AMD/ATI". */
const char *vendor_short(const struct function *f, char *buf, size_t size);
/* "VGA compatible controller: NVIDIA TU104 [GeForce RTX 2060]", numbers without a name. */
void function_put(const struct function *f, struct term *p);
/* "nvme0n1 1.0 TB Samsung SSD 980: / /boot" */
void attached_put(const struct attached *b, struct term *p);

#endif
