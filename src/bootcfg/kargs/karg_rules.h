/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_KARG_RULES_H
#define BOOTCFG_KARGS_KARG_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* What the kernel makes of parameters that stand more than once (bootcfg/kargs/karg has the words).
 */

/* It handles every occurrence on its own, wherever it stands: console=, video=. */
bool karg_rules_every_counts(const char *name);

/* It takes a comma list and handles every occurrence: iommu=, pci=. */
bool karg_rules_is_list(const char *name);

/* The item of such a list that undoes this one when it comes later, or NULL. */
const char *karg_rules_opposite(const char *name, const char *item, size_t len);

/* Values add up for the kernel or the initramfs, so that one alone would take others away. */
bool karg_rules_adds_up(const char *name);

#endif
