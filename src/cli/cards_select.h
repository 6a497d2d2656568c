/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CARDS_SELECT_H
#define CLI_CARDS_SELECT_H

#include "base/err.h"
#include "base/str.h"
#include "core/ctx.h"
#include "host/pciids.h"

#include <stdbool.h>
#include <stddef.h>

/* What belongs together (device_same_card): what a person takes or leaves as a whole. */
struct card {
	size_t first, n; /* its verdicts in the plan */
	unsigned number; /* how it is called when a person is asked, 0: it can't be chosen */
	bool display;    /* one of its functions is a display controller */
	bool chosen;
};

/*
 * Every card of a machine, and what the guards say of it if a VM shall have it: the plan of a
 * config that asks for every function which is no bridge.
 */
struct cards {
	struct ctx s;
	struct text preview_config; /* the config that the situation was made of */
	struct pciids names;
	struct card *at;
	size_t n;
};

int cards_read(struct cards *ret, const struct sysroot *w, struct err *err) _must_check_;
void cards_done(struct cards *c);

/* The first verdict of a card, and how many functions of it must stay, with one's reason. */
const struct verdict *card_verdict(const struct cards *c, const struct card *k, size_t i);
const char *card_refusal(const struct cards *c, const struct card *k);

/* Another card of which a function is in an IOMMU group of k's and which is not chosen: from
 * *at on, which is moved behind it; NULL: no more. */
struct card *group_conflict(const struct cards *c, const struct card *k, size_t *at);

/* The table that a person chooses from: a line a function, as wide as the terminal. */
void cards_print(struct cards *c);

/* A config file that asks for the cards that are chosen, each function by address and id. */
void cards_write_config(struct cards *c, struct text *ret);

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
