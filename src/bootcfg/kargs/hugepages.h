/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_KARGS_HUGEPAGES_H
#define BOOTCFG_KARGS_HUGEPAGES_H

#include "bootcfg/kargs/karg.h"

/*
 * What the kernel makes of the words about huge pages (mm/hugetlb.c, since 5.8): hugepages= counts
 * for the size before it, and before all sizes for the default size. A size that is named twice is
 * refused with the count behind it, unless it is default_hugepagesz= that named it, without a
 * count.
 */
struct hugepages {
	size_t count;     /* the hugepages= that counts for the size; SIZE_MAX: none */
	size_t size;      /* the hugepagesz= of that size, if no count is for it; else SIZE_MAX */
	bool last;        /* … and no other size comes after it */
	bool has_default; /* there is a default_hugepagesz= */
	bool has_others;  /* pages of another size are reserved */
};

/* k: the words in order; NULL for one that does not count. size: as the kernel takes it, 1G. */
void hugepages_find(const struct karg *const *k, size_t n, const char *size, struct hugepages *ret);

#endif
