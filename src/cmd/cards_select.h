/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_CARDS_SELECT_H
#define CMD_CARDS_SELECT_H

#include "base/str.h"
#include "cmd/cards.h"

/* How `init` and `setup` come to know what a person wants. */
struct cards_select_options {
	bool non_boot_gpus; /* every display but the boot display; asks nothing */
	bool yes;           /* ask nothing else either */
};

/*
 * Marks the cards that VMs shall have, and tells what comes along and what stays. The body of the
 * config that asks for them in *ret (text_done), empty where nothing was chosen. 1: all that was
 * wanted can be had; 0: not all of it; or -errno.
 */
int cards_select(struct cards *c, const struct cards_select_options *o, struct text *ret,
	struct err *err) _must_check_;

#endif
