/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MOUNTS_H
#define BASE_MOUNTS_H

#include "base/err.h"

#include <stddef.h>

/* One thing that is mounted from, or swapped to, a block device. */
struct mount {
	char device[24]; /* "8:1", "" for swap; of btrfs a number that no block device has */
	char *source;    /* the last part of what was mounted: "sda1", "vg-root" */
	char *point;     /* "/home"; "[SWAP]" */
};

/* Zero-initialised is empty. */
struct mounts {
	struct mount *at;
	size_t n, size;
};

/*
 * Adds what the text of /proc/self/mountinfo (proc(5)) or of /proc/swaps says of devices below
 * /dev. Takes the text apart. What is not understood is passed over. 0 or -ENOMEM.
 */
int mounts_add_mountinfo(struct mounts *m, char *text) _must_check_;
int mounts_add_swaps(struct mounts *m, char *text) _must_check_;
void mounts_done(struct mounts *m);

#endif
