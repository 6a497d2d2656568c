/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMAGE_INSTALL_H
#define CLI_IMAGE_INSTALL_H

#include "base/command.h"
#include "core/ctx.h"

/*
 * `image --install`: writes the archive of all kernels to the partition of the images that boot,
 * has vfio-bootcfg make the boot entries load it, and reads back which do. Where systemd is /init
 * of each image, all entries get it; else there is an entry of its own, with the rdinit= that
 * starts its program, and the others stay as they are. The archive is there before the first entry
 * names it; where no entry came to load it, it is taken away again.
 *
 * CMD_SYSTEM with a text: nothing is changed. CMD_NOT_ALL with a text: the entries do not load it
 * yet. CMD_CONFIG: the config is in error.
 */
enum cmd_result image_install(const struct sysroot *of, struct err *err);

#endif
