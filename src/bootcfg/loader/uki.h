/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_UKI_H
#define BOOTCFG_LOADER_UKI_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * Unified kernel images: the command line is inside a signed file, so its source is edited and the
 * image is built again. Adds the sources and the command that builds the images; *ret_found: there
 * are any. -EINVAL if no source can be edited without removing root=.
 */
int uki_find(
	const struct detect *s, struct loaders *to, bool *ret_found, struct err *err) _must_check_;

#endif
