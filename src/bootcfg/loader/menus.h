/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_MENUS_H
#define BOOTCFG_LOADER_MENUS_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/* Finds loaders with a hand-written menu: Limine, rEFInd, extlinux and syslinux, and the shell
 * files of Alpine and Debian from which extlinux.conf is generated. */
int menus_find(const struct detect *s, const struct loaders_options *o, struct loaders *to,
	struct err *err) _must_check_;

#endif
