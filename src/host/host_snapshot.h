/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOST_SNAPSHOT_H
#define HOST_HOST_SNAPSHOT_H

#include "base/err.h"
#include "pci/sysfs.h"

/* Where a tree that stands for another machine's /sys keeps what was not below /sys there. */
#define NOTES_DIRECTORY "record"
/* And there what stands for /. */
#define NOTES_ROOT NOTES_DIRECTORY "/root"

/*
 * What is to be known of a machine beside /sys, as texts: those of the kernel's files, and two of
 * our own. NULL where it is not known. Of this machine, or of the one that a tree was made of.
 */
struct host_snapshot {
	char *mountinfo;  /* /proc/self/mountinfo */
	char *swaps;      /* /proc/swaps */
	char *addresses;  /* "eth0 192.0.2.1/24", a line each */
	char *candidates; /* "0000:01:00.0 nouveau nvidiafb", a line each */
};

/*
 * live: of this machine, else from the directory NOTES_DIRECTORY of the tree. Candidates are not
 * looked for on this machine: that is libkmod's to say. To be emptied with host_snapshot_done.
 */
void host_snapshot_read(struct host_snapshot *ret, struct sysfs *s, bool live);
void host_snapshot_done(struct host_snapshot *n);

#endif
