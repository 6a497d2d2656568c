/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_TOOLS_H
#define BOOTCFG_LOADER_TOOLS_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * Finds a distribution's own tool that writes all boot entries from one file:
 * sdboot-manage (CachyOS), proxmox-boot-tool, sdbootutil (openSUSE), limine-entry-tool. The file is
 * edited, the tool writes the entries. *ret_done: a tool is found, nothing else is searched for.
 */
int tools_find(const struct detect *s, const struct loaders_options *o, struct loaders *to,
	bool *ret_done, struct err *err) _must_check_;

#endif
