/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_UKI_H
#define BOOTCFG_LOADER_UKI_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * Unified kernel images: the command line is inside a signed file, so its source is edited and the
 * image built again. Adds places and the command that builds; *ret_found tells whether there are
 * any. -EINVAL where there is no source that could be edited without taking root= away.
 */
int uki_find(
	const struct detect *s, struct loaders *to, bool *ret_found, struct err *err) _must_check_;

#endif
