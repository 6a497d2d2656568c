/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_ONE_CARD_H
#define CLI_ONE_CARD_H

#include "base/err.h"
#include "base/str.h"
#include "pci/address.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One graphics card, by turns for the desktop and for a VM of libvirt: the hook that hands it over,
 * a file of one VM in hooks/qemu.d, whose executable files libvirt runs in the order of their names
 * since version 6.5 (https://libvirt.org/hooks.html), beside a hooks/qemu that is there. What is to
 * be done is in setup/one-card.
 */

/* The config of the guards for it: the host may lose its last display, while the VM runs. */
#define ONE_CARD_CONFIG "/usr/lib/vfio-bind/one-card.conf"

struct one_card {
	char *path; /* of the hook */
	struct text text;
	bool differs; /* the file is not there, or has other bytes, of an earlier version of it */
};

/*
 * The hook for this VM and card, and whether it is there. -EEXIST with a text if the file is there
 * and not ours. Writes nothing.
 */
int one_card_look(
	struct one_card *ret, const char *vm, struct pci_addr card, struct err *err) _must_check_;
void one_card_done(struct one_card *c);

/* Logs what else libvirt runs for this VM, or does not, and what to do about it. */
void one_card_advise(const struct one_card *c, const char *vm);

/* How many of the hook's directories are missing, which one_card_write makes. */
unsigned one_card_missing_dirs(void);

/* Writes it, with a mode that libvirt runs. */
int one_card_write(const struct one_card *c, struct err *err) _must_check_;

/*
 * Removes a hook of this hash (str_hash), and `made` of its directories if they are empty. A file
 * that is not there is removed already. -EBUSY with a text for one of another hash.
 */
int one_card_remove(const char *vm, uint64_t hash, unsigned made, struct err *err) _must_check_;

#endif
