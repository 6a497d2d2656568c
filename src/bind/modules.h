/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_MODULES_H
#define BIND_MODULES_H

#include "base/err.h"

/*
 * Loads a kernel module with what it depends on, its soft dependencies, and the options that
 * modprobe.d gives it; `options` (or NULL) go behind those. "install" lines of modprobe.d are not
 * run: they need a shell, which an image may not have. Loaded or built in already is success.
 *
 * Blocks for as long as the kernel takes. 0, or -errno with what modprobe would say and a hint.
 * libkmod lives behind this one function; it reads the real /sys, /proc and /lib/modules.
 */
int module_load(const char *name, const char *options, struct err *err) _must_check_;

#endif
