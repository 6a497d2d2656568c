/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_NEXT_KERNEL_H
#define BOOTCFG_LOADER_NEXT_KERNEL_H

#include "bootcfg/loader/karg_sources.h"

/* The line that a kernel gets which is installed now: what the tool that makes its entry takes it
 * from. */
struct next_kernel {
	char *generator;
	struct strings words, sources; /* as in struct boot_entry */
	char *unknown;                 /* why they are not all; NULL: they are */
	bool running; /* it is the line of the running kernel: before the next boot, the old one */
};
struct next_kernels {
	struct next_kernel *v;
	size_t n;
};

/* One for each tool that makes entries; none where entries are written by hand. 0 or -ENOMEM. */
int next_kernels_read(
	const struct root *r, const struct loaders *l, struct next_kernels *ret) _must_check_;
void next_kernels_done(struct next_kernels *o);

#endif
