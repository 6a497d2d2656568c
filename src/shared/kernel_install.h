/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_KERNEL_INSTALL_H
#define SHARED_KERNEL_INSTALL_H

#include "shared/root.h"

/* The value of a key in a file of settings: allocated, or NULL. Older versions of kernel-install
 * have a shell read install.conf, newer ones read it themselves. */
typedef char *setting_reader(const struct root *r, const char *path, const char *key);

/*
 * A key of install.conf as kernel-install(8) takes it: of the main files the first that is there
 * counts, and each drop-in may set it anew. Allocated, or NULL.
 */
char *kernel_install_setting(const struct root *r, setting_reader *read, const char *key);

/*
 * Adds the commands that have it make the boot files of all kernels: add-all, and a command for
 * each kernel that add-all does not find. 0 or -ENOMEM.
 */
int kernel_install_commands(const struct root *r, struct strings *to) _must_check_;

#endif
