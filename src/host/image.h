/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_IMAGE_H
#define HOST_IMAGE_H

#include "base/err.h"
#include "core/config.h"
#include "core/ctx.h"
#include "core/imageinfo.h"
#include "core/kmod.h"
#include "core/variant.h"

/*
 * The files that an initramfs image of one kernel needs so that `boot` can carry out the config
 * there. Only this decides it; the hooks of all generators copy what it lists.
 */
struct image {
	char *program;                /* vfio-bind-boot, /usr/bin/vfio-bind in the image */
	struct strings modules;       /* with all dependencies, each after those it needs */
	struct strings vfio;          /* those of them that binding to vfio-pci needs */
	struct strings unpacked;      /* of these, what image_unpack has put into the image */
	struct strings missing;       /* wanted, but this kernel does not have them */
	struct strings no_driver;     /* of these, the drivers that [device] names */
	struct variant_list variants; /* drivers that are chosen by the kernel's aliases */
	struct strings libraries;     /* of the program; none if it is static */
	/* The udev rule, the modprobe.d files about the modules, and the config if it could be
	 * read: in an image root owns every file, so a config that root does not own must not be
	 * copied. */
	struct strings files;
	char digest[IMAGE_DIGEST_MAX]; /* of the config; "" if it could not be read */
};

/*
 * directory is the kernel's, /lib/modules/VERSION. The modules are those of `before`, vfio-pci with
 * its IOMMU driver, the drivers of [device] and those that the kernel's aliases name for what the
 * config may select on the machine of w, and efivarfs if it is to be loaded. A driver that needs
 * one of PCI devices is left out (core/variant). Returns 0, or -errno if the directory is missing
 * or memory runs out. The caller empties it with image_done in each case.
 */
int image_list(struct image *ret, const struct config *c, const struct sysroot *w,
	const char *directory, struct err *err) _must_check_;
void image_done(struct image *image);

/*
 * Puts the modules that binding needs into the image that `into` becomes, without compression: the
 * kernel decompresses for a fifth of the time that loading them takes. One that is not compressed,
 * or can't be decompressed here (a message says why), is left to the generator, like all others. To
 * be indexed by the generator's depmod. -ENOMEM.
 */
int image_unpack(
	struct image *image, const char *directory, const char *into, struct err *err) _must_check_;

/*
 * Reads the file of a module without its compression: *ret_name is NAME.ko, allocated, and *ret its
 * content. A file that is not compressed is read as it is. -errno with a text if its decompressor
 * (xz, zstd, gzip) is missing or fails, or the file can't be read; then nothing is to be freed.
 */
int module_read(char **ret_name, struct text *ret, const char *file, struct err *err) _must_check_;

#endif
