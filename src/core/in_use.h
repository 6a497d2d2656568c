/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_IN_USE_H
#define CORE_IN_USE_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Asks the kernel whether a function is in use, so that it must not be unbound. Independent of
 * lists of file systems or volume managers: each whole disk below the function is opened
 * exclusively (open(2), O_EXCL), which the kernel refuses for a disk that is, even in part,
 * mounted, used as swap, or part of another device (md, dm, btrfs, ZFS, bcachefs, a journal).
 * Targets that export a disk, and loop devices, make no claim, and are looked up in configfs and
 * sysfs. host/in_use_by names the users, and the processes with an open node.
 *
 * May wait for the hardware, as for a disk that does not answer: only in a child (core/steps.h).
 */
enum in_use_kind {
	IN_USE_FREE,
	IN_USE_NETWORK, /* an interface: unbinding it loses connections, no data */
	IN_USE_CLAIMED, /* data would be lost, or the driver would never unbind; or it is unknown */
};

#define IN_USE_REASON_MAX 160

struct in_use {
	enum in_use_kind kind;
	char reason[IN_USE_REASON_MAX]; /* "" for FREE; else names the disk, interface or module */
	int *disks;                     /* open, and claimed by us until closed */
	size_t n_disks;
};

/*
 * Checks the function. live: sysfs is that of this machine, so /dev belongs to it, too; else only
 * sysfs is read. Disks found free stay claimed until in_use_done: they cannot be mounted between
 * the check and the unbind.
 */
void in_use_ask(struct in_use *ret, struct sysfs *s, struct pci_addr addr, bool live);
void in_use_done(struct in_use *u);

/* The same in a child, for a check before anything is written: no disk stays claimed, and a child
 * that hangs is abandoned (the result is then CLAIMED, with that as the reason). */
enum in_use_kind in_use_look(struct sysfs *s, struct pci_addr addr, bool live,
	char reason[static IN_USE_REASON_MAX]) _must_check_;

#endif
