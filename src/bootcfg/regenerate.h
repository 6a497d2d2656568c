/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_REGENERATE_H
#define BOOTCFG_REGENERATE_H

#include "bootcfg/loader/karg_sources.h"

/*
 * Brings an edit to the boot files by the distribution's own tools: the only place that starts a
 * program, and only on the running system. Each may take REGEN_SECONDS, then it and what it started
 * are killed. What they print is kept; the end of it is in err when one fails.
 */
#ifndef REGEN_SECONDS
#define REGEN_SECONDS 900
#endif

/*
 * Runs the commands of l->next in turn. grub.cfg is not left to `-o`, which empties the file before
 * it is made (grub-mkconfig ends in `cat >`): it is made on the side, read by grub-script-check,
 * has to hold every word of `added` and as many root= as before, and is then put in place as a
 * whole.
 */
int regenerate_run(const struct root *r, const struct loaders *l, const struct strings *added,
	struct err *err) _must_check_;

#endif
