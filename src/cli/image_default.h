/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_IMAGE_DEFAULT_H
#define CLI_IMAGE_DEFAULT_H

#include "base/command.h"
#include "core/ctx.h"

/*
 * `image --default`: the entry of its own that `image --install` made becomes the default, by
 * vfio-bootcfg, once it was good: this boot came from it (the kernel command line has its rdinit=),
 * its report has the digest of the config as it is now, and each device that was asked for is as
 * asked. All of that is read from what the boot has left, below the root that is given.
 *
 * CMD_NOT_ALL with a text: what is missing, and nothing is changed. CMD_SYSTEM with a text:
 * vfio-bootcfg did not do it, and has said why.
 */
enum cmd_result image_default(const struct sysroot *of, struct err *err);

#endif
