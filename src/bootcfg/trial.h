/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_TRIAL_H
#define BOOTCFG_TRIAL_H

#include "bootcfg/edit.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * One boot with other parameters, by the boot loader's own one-time boot; the default entry stays
 * as it is. Refused if the one-time boot is not reliable.
 */

/* Makes the edit that adds the trial entry; l->next becomes the command that sets the one-time
 * boot. -EINVAL with the reason if the loader has none. */
int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err) _must_check_;

/* Adds to the edit an unchanged copy of the default entry: a fallback entry in the menu. */
int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to,
	struct err *err) _must_check_;

/* Commands that are left to run after the undo of a trial. *ret_trial: these files belong to a
 * trial. 0 or -ENOMEM. */
int oneshot_cancel(const struct root *r, const struct undone *u, struct strings *next,
	bool *ret_trial) _must_check_;

#endif
