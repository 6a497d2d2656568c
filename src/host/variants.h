/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_VARIANTS_H
#define HOST_VARIANTS_H

#include "base/err.h"
#include "core/ctx.h"
#include "core/variant.h"

/* What this kernel has for the devices that a plan binds: a variants_of. */
variants_of variants_of_host;

/*
 * What the kernel of this directory has for the devices of a machine that the config may select,
 * and of the drivers that the config names those that an image only reserves devices for.
 * Devices are those below w->sysfs, or below w->root/sys. 0 or -ENOMEM.
 */
int variants_of_kernel(struct variant_list *ret, const struct config *c, const struct sysroot *w,
	const char *directory, struct err *err) _must_check_;

#endif
