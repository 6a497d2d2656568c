/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MKINITCPIO_H
#define BOOTCFG_LOADER_MKINITCPIO_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * Adds the files with the command lines of the unified kernel images that presets in
 * /etc/mkinitcpio.d build (mkinitcpio(8)), and the command that builds them. A preset that is a way
 * back keeps its file; that it shares one is noted. *ret_found: true if there is such an image.
 * -EINVAL if a line is not known, or comes from the running kernel; -ENOMEM.
 */
int mkinitcpio_sources_add(
	const struct detect *s, struct loaders *to, bool *ret_found, struct err *err) _must_check_;

#endif
