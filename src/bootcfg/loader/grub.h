/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_GRUB_H
#define BOOTCFG_LOADER_GRUB_H

#include "bootcfg/loader/karg_sources.h"

/* Adds /etc/default/grub, whose words grub-mkconfig joins in this order; new ones go to variable.
 * NULL: no memory. */
struct karg_source *grub_defaults_add(struct loaders *to, const char *variable);

/* Adds its drop-ins, in C order; a name with a dot before it is not in the shell's *.cfg. */
int grub_dropins_add(const struct root *r, struct karg_source *to) _must_check_;

#endif
