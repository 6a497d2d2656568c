/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_IMAGE_H
#define HOST_IMAGE_H

#include "base/err.h"
#include "core/config.h"
#include "core/imageinfo.h"
#include "core/kmod.h"

/*
 * What an initramfs image of one kernel has to hold so that `boot` can do there what the config
 * says. This is the one place that decides it; the hooks of all generators copy what it lists.
 */
struct image {
	struct strv modules;   /* with all they depend on, each behind what it needs */
	struct strv missing;   /* wanted, but this kernel has none of the name */
	struct strv libraries; /* of this program; none where it is static */
	/* The udev rule, modprobe.d's words on the modules, and the config if it could be read: in
	 * an image every file is root's, so that one which isn't must not get there. */
	struct strv files;
	char digest[IMAGE_DIGEST_MAX]; /* of the config; "" where it could not be read */
};

/*
 * directory is the kernel's, /lib/modules/VERSION. The modules are those of `before`, vfio-pci with
 * its IOMMU side, the drivers of [device], and efivarfs where it is to be loaded. 0, or -errno
 * where the directory or memory is not there. To be emptied with image_done in each case.
 */
int image_list(struct image *ret, const struct config *c, const char *directory,
	struct err *err) _must_check_;
void image_done(struct image *image);

#endif
