/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_ARCHIVE_H
#define HOST_ARCHIVE_H

#include "base/err.h"
#include "core/config.h"
#include "host/cpio_write.h"
#include "host/image.h"

/*
 * One archive for any initramfs: the kernel unpacks it over, or before, an image that knows nothing
 * of vfio-bind. So it has nothing but files of its own below /usr/local/lib, and the config and its
 * record in /etc: no directory lib, bin or sbin, which may be links in the image (a directory
 * replaces a link), and no index in /lib/modules, which the image's own would be lost by.
 *
 *   etc/vfio-bind.conf, etc/vfio-bind.image
 *   usr/local/lib/vfio-bind/vfio-bind-boot          and `init`, a link to it: the value of rdinit=
 *   usr/local/lib/vfio-bind/modules/KERNEL/         the modules, and an index of them alone
 *   usr/local/lib/systemd/system/vfio-bind.service  what runs it where PID 1 is systemd
 *   usr/local/lib/udev/rules.d, usr/local/lib/modprobe.d
 */

/*
 * Adds what is the same for all kernels. `image` is that of any of them. -ENOPKG: the program needs
 * shared libraries, which an image without vfio-bind may not have. The caller empties the archive
 * in each case.
 */
int archive_add_program(struct cpio_write *to, const struct image *image, const struct config *c,
	struct err *err) _must_check_;

/*
 * Adds the modules of one kernel, without compression where the program that unpacks them is here,
 * and the index that depmod(8) makes of them. `directory` is the kernel's, /lib/modules/VERSION.
 */
int archive_add_kernel(struct cpio_write *to, const struct image *image, const char *directory,
	struct err *err) _must_check_;

#endif
