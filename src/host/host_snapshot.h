/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_HOST_SNAPSHOT_H
#define HOST_HOST_SNAPSHOT_H

#include "base/err.h"
#include "pci/sysfs.h"

/* The directory, in a recorded tree of another machine's /sys, for data that was not below /sys. */
#define NOTES_DIRECTORY "record"
/* And in it the recorded root directory. */
#define NOTES_ROOT NOTES_DIRECTORY "/root"

/*
 * Data about a machine besides /sys, as texts: kernel files, and two of our own. NULL if unknown.
 * From this machine, or the one that the tree was recorded on.
 */
struct host_snapshot {
	char *mountinfo;  /* /proc/self/mountinfo */
	char *swaps;      /* /proc/swaps */
	char *addresses;  /* "eth0 192.0.2.1/24", one per line */
	char *candidates; /* "0000:01:00.0 nouveau nvidiafb", one per line */
};

/*
 * live: read from this machine, else from NOTES_DIRECTORY of the tree. Leaves out the candidates of
 * this machine, which come from libkmod. The caller empties it with host_snapshot_done.
 */
void host_snapshot_read(struct host_snapshot *ret, struct sysfs *s, bool live);
void host_snapshot_done(struct host_snapshot *n);

#endif
