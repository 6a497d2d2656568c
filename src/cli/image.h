/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "base/command.h"
#include "base/strings.h"
#include "core/ctx.h"

#define IMAGE_ARCHIVE "vfio-bind.cpio"          /* its name, of all kernels, on a boot partition */
#define IMAGE_PLUGIN_ARCHIVE "initrd-vfio-bind" /* ... of one, by kernel-install */
#define IMAGE_ARCHIVE_MAX (256UL << 20)

/* One archive that lets any initramfs bind (host/archive). */
struct image_job {
	struct sysroot sysroot; /* whose modules, and of which system the record is */
	struct strings kernels; /* versions; none: all that can boot */
	const char *output;
	bool gzip; /* else not compressed: in front of another image it may not be */
};

/*
 * Writes the file, unless it has these bytes already, and reads its record back. A config with
 * errors leaves it as it is (CMD_CONFIG). CMD_SYSTEM with a text. The log tells which of it was
 * done.
 */
enum cmd_result image_write(const struct image_job *job, struct err *err);

#endif
