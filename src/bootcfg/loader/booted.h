/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BOOTED_H
#define BOOTCFG_LOADER_BOOTED_H

#include "shared/root.h"

/*
 * What booted this machine, by what it left behind: the EFI variable LoaderInfo (systemd-boot,
 * Limine and GRUB from 2.12 on set it) and the marks loaders put on the kernel command line. Only
 * of the running system; another root gives nothing.
 */
struct booted {
	size_t groups;   /* IOMMU groups: none is an IOMMU that is off, or absent */
	char *cmdline;   /* /proc/cmdline without its newline, or NULL */
	char *entry;     /* the id of the entry that was booted, where the loader tells, or NULL */
	char *partition; /* the UUID of the one the loader came from, where it tells, or NULL */
	const char *loader; /* grub, systemd-boot, limine, refind, extlinux; NULL: nobody knows */
};

int booted_read(const struct root *r, struct booted *ret) _must_check_;
void booted_done(struct booted *r);

/* The loader that booted this system when it is none of those found, else NULL. */
const char *booted_other(const struct booted *r, const struct strings *found);

/* The UUID of the partition the boot loader came from, as it says itself; allocated, or NULL. */
char *booted_partition(const struct root *r);

#endif
