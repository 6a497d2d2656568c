/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_TRIAL_H
#define BOOTCFG_TRIAL_H

#include "bootcfg/edit_set.h"
#include "bootcfg/loader/karg_sources.h"

/*
 * One boot with other words, through the boot loader's own one-shot; what boots by default stays as
 * it is. systemd-boot: a copy of the default entry, NAME-vfio-trial.conf, and `bootctl
 * set-oneshot`. GRUB: a copy of the default menu entry in custom.cfg beside grub.cfg, and
 * `grub-reboot`. Where the one-shot could not be trusted (GRUB can't write its environment there, a
 * default of @saved would keep the trial) it is refused.
 */
#define TRIAL_ID "vfio-trial"

/* The plan that adds the trial entry; l->next becomes the command that arms it. -EINVAL with the
 * reason where there is no one-shot. */
int trial_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err) _must_check_;

/* Adds to the plan an unchanged copy of the default entry of systemd-boot,
 * NAME-before-vfio.conf: a way back in the menu. */
int trial_keep(const struct root *r, const struct loaders *l, struct edit_set *to,
	struct err *err) _must_check_;

/* The half for GRUB (trial_grub.c): one more set in p. */
int trial_grub_plan(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct edit_set *p, struct err *err) _must_check_;

/*
 * What is left to do when a trial has been taken back: for GRUB the command that takes the boot for
 * once out of its environment (with the entry gone it would boot the first one instead); adds
 * nothing where it is armed with something else. systemd-boot passes over an entry that is not
 * there, and forgets it by itself. *ret_trial: these files were a trial's. 0 or -ENOMEM.
 */
int oneshot_cancel(const struct root *r, const struct undone *u, struct strings *next,
	bool *ret_trial) _must_check_;
int grub_oneshot_cancel(
	const struct root *r, const char *custom, struct strings *next) _must_check_;

/* A request as the journal keeps it, `--add WORD --remove WORD …`, and back. */
int trial_words_read(const char *text, struct karg_ops *ret, struct err *err) _must_check_;

#endif
