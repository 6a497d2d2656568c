/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_ATTACHED_H
#define HOST_ATTACHED_H

#include "base/err.h"
#include "base/str.h"
#include "host/host_snapshot.h"
#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

enum attached_kind { ATTACHED_BLOCK, ATTACHED_NET, ATTACHED_USB, ATTACHED_CONNECTOR };

#define ATTACHED_SWAP "[SWAP]" /* a use of a disk that is no mount point */

/* A device attached to a PCI function: a disk, a network interface, a USB device, a screen. */
struct attached {
	enum attached_kind kind;
	struct pci_addr addr;     /* the function */
	char name[40];            /* "nvme0n1", "eth0", "1-2", "HDMI-A-1" */
	char what[100];           /* model or product; for an interface its bridge; for a screen its
				   * preferred mode */
	char id[16];              /* USB device, "046d:c52b" */
	unsigned long long bytes; /* disk size */
	char holders[64];         /* disk: "md0 vg-root", the devices made of it without a mount */
	bool up;                  /* interface; for a screen: the card sends a picture to it */
	/* Its uses, each ended by NUL, and one more NUL at the end: the mount points of a disk, its
	 * partitions and the devices made of them (LVM, LUKS, RAID, btrfs); the addresses of an
	 * interface. NULL: none. */
	char *uses;
};

/* A growing list; its creator owns it. */
struct attached_list {
	struct attached *at;
	size_t n, size;
};

/* Frees the array of n and what the elements own. */
void attached_done(struct attached *at, size_t n);

/* Those of one function, in a sorted array of n; *ret_n: how many. */
const struct attached *attached_of(
	const struct attached *at, size_t n, struct pci_addr addr, size_t *ret_n);

/* Adds it in a few words: "nvme0n1 (/ /home)", "eno1 up (192.0.2.1/24)", "Logitech Keyboard",
 * "screen on HDMI-A-1". */
void attached_format(const struct attached *b, struct text *t);

/* Gathers all devices attached to PCI functions, sorted by function, kind and name. Returns 0 or
 * -ENOMEM. */
int attached_gather(struct attached_list *ret, struct sysfs *s, const struct host_snapshot *notes,
	struct err *err) _must_check_;

#endif
