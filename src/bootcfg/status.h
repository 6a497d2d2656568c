/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_STATUS_H
#define BOOTCFG_STATUS_H

#include "bootcfg/edit.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/next_kernel.h"

/*
 * --status: the loader, each source with its parameters, each boot entry with the parameters of its
 * kernel, the running command line, and whether the next boot and the running kernel agree about
 * the IOMMU. p is an edit without a request, esp the directory below the root where now->partition
 * is mounted, or NULL.
 */
void status_print(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, const struct next_kernels *n, FILE *f);
void status_print_json(const struct loaders *l, const struct edit_set *p, const struct booted *now,
	const char *esp, const struct boot_entries *o, const struct next_kernels *n, FILE *f);

/* Prints a planned or completed edit as JSON. */
void edit_set_print_json(const struct loaders *l, const struct edit_set *p, FILE *f);

#endif
