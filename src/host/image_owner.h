/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_IMAGE_OWNER_H
#define HOST_IMAGE_OWNER_H

#include "shared/root.h"

/*
 * Who makes the initramfs image that boots. The generator that is installed need not be the one:
 * most of them exit with 0 when they write nothing, or write a file that no boot entry names.
 */
struct image_owner {
	const char *name;      /* "update-initramfs" */
	const char *generator; /* mkinitcpio, initramfs-tools, dracut or mkosi-initrd: whose hook is
				  used */
	char *mark;            /* the file that shows it: "etc/kernel/install.conf" */
	struct strings commands; /* that make the images of all kernels, in this order: words and
				    single blanks, for no shell */
	struct strings notes;    /* what to know before they run */
};

/*
 * Decides it by the files of the system alone, so that it can be asked about a system that does not
 * run. Else, with a text that says what to do: -ENOENT without a generator that vfio-bind has a
 * hook for (and on NixOS and ostree, whose images are made elsewhere), -ENODEV for a boot partition
 * that is not mounted, -EINVAL for two generators that both have made images, or a setting that
 * keeps vfio-bind out of the image; -ENOMEM. *ret is to be emptied in each case.
 */
int image_owner_find(const struct root *r, struct image_owner *ret, struct err *err) _must_check_;
void image_owner_done(struct image_owner *o);

#endif
