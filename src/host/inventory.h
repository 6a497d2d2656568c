/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_INVENTORY_H
#define HOST_INVENTORY_H

#include "base/err.h"
#include "host/attached.h"
#include "host/host_snapshot.h"
#include "host/pciids.h"
#include "pci/boot_display.h"
#include "pci/scan.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stdint.h>

#define BARS 6
#define NAME_MAX_BYTES 96

/* A base address register whose size can be set (resourceN_resize of drivers/pci/pci-sysfs.c). */
struct bar {
	bool resizable;
	uint64_t size;  /* bytes, 0 where it has none now */
	uint64_t sizes; /* bit n: it can be 2^n MiB */
};

/* All that people want to know of one PCI function. Texts are "" where there is nothing known. */
struct function {
	struct device d;
	char module[32]; /* of its driver, where that is known: xhci_pci of xhci_hcd */
	char class_name[48], vendor_name[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
	char subsystem_name[NAME_MAX_BYTES];
	char root[24];                /* the host bridge it hangs on, "pci0000:00" */
	bool has_upstream;            /* is there a bridge above it? */
	struct pci_addr upstream;     /* that bridge */
	bool has_below;               /* is it above another? */
	unsigned first_bus, last_bus; /* behind a bridge; 0: it is none that leads on */
	char reset[64];               /* "flr bus"; "" for no way to reset it alone */
	int numa;                     /* node, or -1 */
	struct speed {
		char rate[16]; /* "8.0 GT/s" */
		unsigned width;
	} now, max;
	unsigned vfs, vfs_max; /* virtual functions there are and there can be */
	bool is_vf;
	struct pci_addr physical; /* of a virtual function */
	bool has_rom;
	struct bar bars[BARS];
	char *candidates; /* drivers that the kernel has for it, blanks between; NULL: none known */
};

/*
 * The whole machine, functions in address order. Nothing in it is read that may wait for a driver:
 * driver_override takes the device's lock, and is left out.
 */
struct inventory {
	struct function *at;
	size_t n;
	struct attached *attached; /* in the order of their functions' addresses */
	size_t n_attached;
};

/*
 * Gathers it. names may know nothing; notes says what is mounted, which addresses interfaces have
 * and which drivers could serve. To be emptied with inventory_done in each case. -errno.
 */
int inventory_gather(struct inventory *ret, struct sysfs *s, struct pciids *names,
	const struct host_snapshot *notes, struct err *err) _must_check_;
/* Sets is_boot_display of the functions that are. 0 or -ENOMEM. */
int inventory_find_boot_display(
	struct inventory *v, struct sysfs *s, const struct boot_display_from *from) _must_check_;
void inventory_done(struct inventory *v);

struct function *inventory_find(const struct inventory *v, struct pci_addr addr);

/* What hangs behind a function: the first of *ret_n neighbours, NULL for none. */
const struct attached *inventory_attached(
	const struct inventory *v, struct pci_addr addr, size_t *ret_n);

#endif
