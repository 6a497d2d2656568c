/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_STATUS_H
#define BOOTCFG_STATUS_H

#include "bootcfg/edit_set.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/booted.h"

/*
 * --status: the loader, each source with the words it gives, each boot entry with
 * the words its kernel will get, the line that is running, and whether
 * what boots next and what runs now say the same about the IOMMU. p is a plan with no request, esp
 * the directory below the root where now->partition is mounted, or NULL.
 */
void status_print(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, FILE *f);
void status_print_json(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, FILE *f);

/* A plan, or a change that was made, as JSON. */
void edit_set_print_json(const struct loaders *l, const struct edit_set *p, FILE *f);

#endif
