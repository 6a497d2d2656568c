/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_UNPACK_H
#define HOST_UNPACK_H

#include "base/err.h"

/*
 * Writes the module of a file NAME.ko.xz, .zst or .gz without its compression, its signature
 * included, into an image: below `root`, the directory that becomes the image, as
 * lib/modules/KERNEL/updates/vfio-bind/NAME.ko. depmod(8) prefers what is in updates (depmod.d(5),
 * search), so that a compressed copy which anything else adds to the image does no harm.
 *
 * Returns 1, or 0 for a file that is not compressed. -errno with a text if its decompressor (xz,
 * zstd, gzip) is missing or fails, or the file can't be written; then nothing is left of it.
 */
int module_unpack(
	const char *root, const char *kernel, const char *file, struct err *err) _must_check_;

#endif
