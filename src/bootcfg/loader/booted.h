/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BOOTED_H
#define BOOTCFG_LOADER_BOOTED_H

#include "bootcfg/loader/loader.h"

#include <stdint.h>

/*
 * What booted this machine, from its traces: the EFI variable LoaderInfo (set by systemd-boot,
 * Limine and GRUB from 2.12 on) and the words that loaders add to the kernel command line. Of the
 * running system only; empty for another root.
 */
struct booted {
	size_t groups;   /* IOMMU groups; 0: the IOMMU is off or absent */
	char *cmdline;   /* /proc/cmdline without its newline, or NULL */
	char *entry;     /* the id of the booted entry, if the loader reports it, or NULL */
	char *partition; /* the UUID of the loader's partition, if the loader reports it, or NULL */
	char *info;      /* what the loader calls itself, with its version, or NULL */
	char *image;     /* the path of its program on its partition, with backslashes, or NULL */
	const struct loader *loader; /* NULL: unknown */
};

int booted_read(const struct root *r, struct booted *ret) _must_check_;
void booted_done(struct booted *r);

/* The loader that booted this system if it is not among those found, else NULL. */
const struct loader *booted_other(const struct booted *r, const struct loaders *l);

/* True if the reader starts what l makes, or is it. */
bool booted_is_read_by(const struct loader *l, const struct loader *reader);

/* A variable of the Boot Loader Interface ("LoaderEntryDefault") as text: allocated, or NULL: there
 * is none. A tree may have /sys of the machine mounted, as a chroot does. */
char *booted_variable(const struct root *r, const char *name);
/* The first 32 bits of LoaderFeatures: what the loader that booted can do. False: there is none. */
bool booted_features(const struct root *r, uint32_t *ret);
/* True if the variables of the firmware can be read: one that is missing then is not set. */
bool booted_has_variables(const struct root *r);

/* The UUID of the boot loader's partition, as it reports it; allocated, or NULL. */
char *booted_partition(const struct root *r);

#endif
