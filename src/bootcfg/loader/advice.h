/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_ADVICE_H
#define BOOTCFG_LOADER_ADVICE_H

#include "bootcfg/kargs/karg_ops.h"
#include "bootcfg/loader/karg_sources.h"
#include "bootcfg/loader/managed.h"

/*
 * For a system that is not edited: sets managed_by and what belongs to it, with its line, edited in
 * memory as requested, and adds to by_hand what is left to the user: commands as they can be
 * pasted. -EINVAL for a request that cannot be met.
 */
int advice_make(const struct managed *m, const struct detect *s, const char *mark,
	const struct karg_ops *r, struct loaders *to, struct err *err) _must_check_;

/*
 * The same where a loader that was found refuses an edit, for the reason in err: its default entry
 * has the line. Empties err on success.
 */
int advice_refuse(const char *loader, const struct root *r, const struct karg_ops *req,
	struct loaders *to, struct err *err) _must_check_;

#endif
