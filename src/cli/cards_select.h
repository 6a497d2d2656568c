/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CARDS_SELECT_H
#define CLI_CARDS_SELECT_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"
#include "host/host_loss.h"
#include "host/pciids.h"

#include <stdbool.h>
#include <stddef.h>

/* Functions of one card (card_same), which the user takes or leaves as a whole. */
struct card {
	size_t first, n; /* its verdicts: places in `order` of the cards */
	unsigned number; /* its number in the prompt, 0: it cannot be chosen */
	bool display;    /* one of its functions is a display controller */
	bool chosen;
	bool named; /* ... by cards_choose */
	bool kept;  /* shares a group with a chosen one, and stays: the user was asked, or warned */
};

/*
 * Every card of a machine, and the guards' verdict for a VM: the plan of a config that selects
 * every function that is not a bridge.
 */
struct cards {
	struct ctx s;
	struct text preview_config; /* the config from which the ctx is made */
	struct pciids names;
	struct host_uses uses; /* what is attached to the functions */
	size_t *order;         /* the verdicts of the plan, by cards */
	struct card *at;
	size_t n;
	size_t n_fixed; /* functions that are in none of them: bridges */
};

int cards_read(struct cards *ret, const struct sysroot *w, struct err *err) _must_check_;
void cards_done(struct cards *c);

/* A verdict of a card, and the reason why a function of it must stay, or NULL. */
const struct verdict *card_verdict(const struct cards *c, const struct card *k, size_t i);
const char *card_refusal(const struct cards *c, const struct card *k);

/* Prints the table to choose from: a line per function, as wide as the terminal; below it what is
 * attached to them, and what is not offered and why. */
void cards_print(struct cards *c);

/* How `init` and `setup` ask which devices are for VMs. */
struct cards_select_options {
	bool non_boot_gpus; /* every display but the boot display, without a question */
	bool chosen;        /* what is marked already, without a question */
	bool yes;           /* no other questions either */
};

/*
 * Marks the cards for VMs, and reports which others come along and which stay. *ret (text_done) is
 * the body of the config that selects them, empty if nothing is chosen. 1: all requested cards are
 * possible; 0: not all; or -errno.
 */
int cards_select(struct cards *c, const struct cards_select_options *o, struct text *ret,
	struct err *err) _must_check_;

#endif
