/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_DRACUT_H
#define BOOTCFG_LOADER_DRACUT_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

/* True if dracut builds unified kernel images when it runs alone: uefi=yes (dracut.conf(5)). */
bool dracut_builds_images(const struct detect *s);

/*
 * Adds the files in which kernel_cmdline= is searched for, and one of our own where the value is in
 * a package's file, or in none: then that one gets the whole line, for a value ends dracut's search
 * for root= and its fallback to the running kernel's line. -EINVAL if that line is not known;
 * -ENOMEM without a text.
 */
int dracut_sources_add(const struct detect *s, struct loaders *to, struct err *err) _must_check_;

#endif
