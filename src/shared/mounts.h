/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_MOUNTS_H
#define SHARED_MOUNTS_H

#include "base/err.h"

#include <stdbool.h>
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

/* One line of a mountinfo. */
struct mount_row {
	unsigned major, minor;
	const char *point;
	const char *type;
	const char *source;
	const char *options; /* of the file system, not of the mount */
};

struct mount_table {
	char *text; /* what the others point into */
	struct mount_row *at;
	size_t n, size;
};

#define MOUNTS_MAX 65536

/* Reads a whole mountinfo; takes over the text, which is to be had from malloc. 0 or -ENOMEM.
 * Lines that aren't understood are passed over. To be emptied with mount_table_done in each case.
 */
int mount_table_parse(struct mount_table *ret, char *text);
void mount_table_done(struct mount_table *m);

/* What is mounted exactly there, or NULL: of several the last, which hides the others. */
const struct mount_row *mount_table_at(const struct mount_table *m, const char *point);

/* The mount on which an absolute path lies, by its words alone: no link is followed. Or NULL. */
const struct mount_row *mount_table_of(const struct mount_table *m, const char *path);

#endif
