/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_RULES_H
#define BOOTCFG_KARGS_KARG_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* How the kernel handles repeated parameters (see bootcfg/kargs/karg for one word). */

/* Every occurrence counts, at any position: console=, video=. */
bool karg_rules_every_counts(const char *name);

/* A comma-separated list, of which every occurrence counts: iommu=, pci=. */
bool karg_rules_is_list(const char *name);

/* The item of such a list that undoes this one if it comes later, or NULL. */
const char *karg_rules_opposite(const char *name, const char *item, size_t len);

/* Values add up for the kernel or the initramfs: setting one would drop the others. */
bool karg_rules_adds_up(const char *name);

#endif
