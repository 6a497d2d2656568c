/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MANAGED_H
#define BOOTCFG_LOADER_MANAGED_H

#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/loader/detect.h"

/*
 * Finds systems where a deployment or a declaration manages the kernel command line, and an edit of
 * the boot files would be lost or do harm. LOADERS_OWNED, and err has the command to use there.
 */
int managed_check(const struct detect *s, const struct karg_ops *r, struct err *err) _must_check_;

#endif
