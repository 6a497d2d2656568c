/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_TABLE_H
#define BOOTCFG_LOADER_TABLE_H

#include "bootcfg/loader/loader.h"

/*
 * All boot loaders, in the order of detection: X is applied to the name of each. loader_NAME is in
 * its own file.
 */
#define LOADER_TABLE(X)                                                                            \
	X(kernelstub)                                                                              \
	X(sdboot_manage)                                                                           \
	X(clr_boot_manager)                                                                        \
	X(proxmox)                                                                                 \
	X(sdbootutil)                                                                              \
	X(limine_tool)                                                                             \
	X(grub_bls)                                                                                \
	X(systemd_boot)                                                                            \
	X(uki)                                                                                     \
	X(limine)                                                                                  \
	X(refind)                                                                                  \
	X(extlinux)                                                                                \
	X(grub)                                                                                    \
	X(firmware)                                                                                \
	X(kernel_install)

#define LOADER_DECLARE(NAME) extern const struct loader loader_##NAME;
LOADER_TABLE(LOADER_DECLARE)
#undef LOADER_DECLARE

/* The rows; NULL-terminated. */
extern const struct loader *const loader_table[];

/*
 * Decides which files are the sources of the kernel command line, or who owns it (managed_by).
 * -ENOENT if no loader is found, -EINVAL for one that cannot be edited; both with a remedy.
 */
int loaders_find(const struct root *r, const struct loaders_options *o, struct loaders *ret,
	struct err *err) _must_check_;

#endif
