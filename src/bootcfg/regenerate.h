/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_REGENERATE_H
#define BOOTCFG_REGENERATE_H

#include "base/interrupt.h"
#include "base/str.h"
#include "bootcfg/loader/karg_sources.h"
#include "shared/root.h"

/*
 * Generates the boot files with the distribution's own tools, on the running system only. Each
 * program has the user's locale, else that of the system, and REGEN_SECONDS, then it and its
 * children are killed. The end of what it says is in err if it fails.
 */
#ifndef REGEN_SECONDS
#define REGEN_SECONDS 900
#endif

/*
 * Runs the commands of l->next in turn, and flushes the boot files. `added`: the parameters that
 * boot files have to contain then; see struct loader_output. `interrupt` (held, or NULL) is passed
 * to the program that runs: -EINTR if it fails then, or if another would have to be run.
 */
int regenerate_run(const struct root *r, const struct loaders *l, const struct strings *added,
	struct interrupt *interrupt, struct err *err) _must_check_;

#endif
