/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_CMDLINE_PLACE_H
#define BOOTCFG_LOADER_CMDLINE_PLACE_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/* Adds /etc/kernel/cmdline and its drop-ins; created from /usr/lib/kernel/cmdline if only that file
 * exists. False: neither does. Each file is added once. */
int kernel_cmdline_add(const struct detect *s, struct loaders *to, const char *drop_in_dir,
	const char *suffix, bool *ret_found) _must_check_;

/* The regular files of a directory whose names end in suffix, as paths, in C order. */
int regular_files_add(
	const struct root *r, const char *dir, const char *suffix, struct strings *to) _must_check_;

#endif
