/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_TRIAL_H
#define BOOTCFG_TRIAL_H

#include "bootcfg/edit_set.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * One boot with other parameters, by the boot loader's own one-time boot; the default entry stays
 * as it is. systemd-boot: a copy of the default entry, NAME-vfio-trial.conf, and `bootctl
 * set-oneshot`. GRUB: a copy of the default menu entry in custom.cfg beside grub.cfg, and
 * `grub-reboot`. Refused if the one-time boot is not reliable (GRUB cannot write its environment
 * block, or a default of @saved would keep the trial).
 */
#define TRIAL_ID "vfio-trial"

/* Makes the edit that adds the trial entry; l->next becomes the command that sets the one-time
 * boot. -EINVAL with the reason if the loader has none. */
int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err) _must_check_;

/* Adds to the edit an unchanged copy of the default entry of systemd-boot, NAME-before-vfio.conf: a
 * fallback entry in the menu. */
int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to,
	struct err *err) _must_check_;

/* The part for GRUB: adds a file to p. */
int trial_grub_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *p, struct err *err) _must_check_;

/*
 * Commands that are left to run after the undo of a trial: for GRUB the command that removes the
 * one-time boot from its environment block (without the entry it would boot the first one instead);
 * none if another one-time boot is set. systemd-boot skips a missing entry and resets the variable
 * itself. *ret_trial: these files belong to a trial. 0 or -ENOMEM.
 */
int oneshot_cancel(const struct root *r, const struct undone *u, struct strings *next,
	bool *ret_trial) _must_check_;
int grub_oneshot_cancel(
	const struct root *r, const char *custom, struct strings *next) _must_check_;

/* Parses a request as the journal has it, `--add WORD --remove WORD …`. */
int trial_words_read(const char *text, struct karg_ops *ret, struct err *err) _must_check_;

#endif
