/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_IN_USE_H
#define CORE_IN_USE_H

#include "pci/address.h"
#include "pci/sysfs.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the kernel says: is a function in use, so that its driver must not be taken from it? No list
 * of file systems or volume managers is asked. Each whole disk below the function is opened
 * exclusively (open(2), O_EXCL): the kernel refuses that for a disk of which anything, a partition
 * too, is mounted, swapped to, or part of something else (md, dm, btrfs, ZFS, bcachefs, a journal).
 * What serves a disk to others or to a loop device makes no claim, and is looked up in configfs and
 * sysfs. host/in_use_by names who it is, and who has a node open.
 *
 * Who asks may wait for the hardware, as for a disk that does not answer: only in a child
 * (core/steps.h).
 */
enum in_use_kind {
	IN_USE_FREE,
	IN_USE_NETWORK, /* an interface: taking it loses connections, no data */
	IN_USE_CLAIMED, /* data would be lost, or the driver would never let go; or it can't be
			   found out */
};

#define IN_USE_REASON_MAX 160

struct in_use {
	enum in_use_kind kind;
	char reason[IN_USE_REASON_MAX]; /* "" for FREE; else names the disk, interface or module */
	int *disks;                     /* open, and claimed by us as long as they are */
	size_t n_disks;
};

/*
 * Asks. live: sysfs is that of this machine, so /dev is of it too; else only sysfs is asked. What
 * is found free stays claimed until in_use_done: nobody can mount it between the answer and the
 * unbind.
 */
void in_use_ask(struct in_use *ret, struct sysfs *s, struct pci_addr addr, bool live);
void in_use_done(struct in_use *u);

/* The same in a child, for who wants to know before anything is written: nothing stays claimed, and
 * a child that hangs is left behind (then it is CLAIMED, and *why says so). */
enum in_use_kind in_use_look(struct sysfs *s, struct pci_addr addr, bool live,
	char reason[static IN_USE_REASON_MAX]) _must_check_;

#endif
