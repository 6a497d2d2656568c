/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MANAGED_H
#define BOOTCFG_LOADER_MANAGED_H

#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/loader/detect.h"

/*
 * Systems where the kernel command line belongs to a deployment or a declaration, and an edit of
 * the boot files would be lost or would do harm. LOADERS_OWNED, and err tells how it is done there.
 */
int managed_check(const struct detect *s, const struct karg_ops *r, struct err *err) _must_check_;

#endif
