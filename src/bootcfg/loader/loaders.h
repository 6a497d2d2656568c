/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_LOADERS_H
#define BOOTCFG_LOADER_LOADERS_H

#include "bootcfg/loader/karg_sources.h"

/*
 * Decides which files are the sources of the kernel command line. -ENOENT if no loader is found,
 * -EINVAL for one that cannot be edited; both with a remedy.
 */
int loaders_find(const struct root *r, const struct loaders_options *o, struct loaders *ret,
	struct err *err) _must_check_;

#endif
