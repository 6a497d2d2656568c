/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_REGENERATE_H
#define BOOTCFG_REGENERATE_H

#include "bootcfg/loader/karg_sources.h"

/*
 * Generates the boot files with the distribution's own tools: the only file that starts a program,
 * and only on the running system. Each program has REGEN_SECONDS, then it and its children are
 * killed. Its output is kept; the end of it is in err if it fails.
 */
#ifndef REGEN_SECONDS
#define REGEN_SECONDS 900
#endif

/* Runs the commands of l->next in turn. `added`: the parameters that boot files have to contain
 * then; see struct loader_output. */
int regenerate_run(const struct root *r, const struct loaders *l, const struct strings *added,
	struct err *err) _must_check_;

#endif
