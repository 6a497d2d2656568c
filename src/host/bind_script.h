/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_BIND_SCRIPT_H
#define HOST_BIND_SCRIPT_H

#include "base/err.h"
#include "pci/address.h"
#include "pci/id.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a script copied from a guide binds to vfio-pci, as far as its text tells: nothing of it is
 * run. Taken are addresses in assignments and arrays, in the words of `for … in`, in echo and
 * printf, and of virsh nodedev-detach; ids that are written to new_id; and a loop over boot_vga,
 * which means every display but the boot display. Comments are none of it, and an address in a
 * condition is not taken.
 */
struct bind_script {
	struct pci_addr *addresses;
	size_t n_addresses;
	struct pci_id *ids;
	size_t n_ids;
	bool non_boot;    /* a loop over boot_vga */
	unsigned unclear; /* the first line that is about a device and was not understood; or 0 */
};

/* 0 or -ENOMEM. *ret is to be emptied with bind_script_done in each case. */
int bind_script_read(struct bind_script *ret, const char *text) _must_check_;
void bind_script_done(struct bind_script *s);

#endif
