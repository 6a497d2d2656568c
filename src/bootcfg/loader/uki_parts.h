/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_UKI_PARTS_H
#define BOOTCFG_LOADER_UKI_PARTS_H

#include "bootcfg/format/uki.h"
#include "shared/root.h"

/* What ukify takes a section from (ukify(1)): its option, before the path of a file; NULL: it is of
 * the stub or of the kernel, or a word. */
struct uki_part {
	const char *section, *option;
};

/* NULL: a section that has to be made anew with each profile, or is not known. */
const struct uki_part *uki_part_find(const char *section);

/*
 * -EINVAL unless an image (u, which is at path) can have profiles of our own (own_entries.h) beside
 * what it is: its stub reads them, it has a line and no other profiles, and its sections are the
 * same with them.
 */
int uki_profiles_check(
	const struct root *r, const char *path, const struct uki *u, struct err *err) _must_check_;

#endif
