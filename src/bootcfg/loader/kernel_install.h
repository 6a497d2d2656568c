/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_KERNEL_INSTALL_H
#define BOOTCFG_LOADER_KERNEL_INSTALL_H

/* The program that writes an entry for each kernel that is installed. */
extern const char kernel_installer[];

#endif
