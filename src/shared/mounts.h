/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_MOUNTS_H
#define SHARED_MOUNTS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* One mount of a block device, or its use as swap. */
struct mount {
	char device[24]; /* "8:1", "" for swap; for btrfs a number that no block device has */
	char *source;    /* the last part of the mount's source: "sda1", "vg-root" */
	char *point;     /* "/home"; "[SWAP]" */
};

/* Zero-initialised is empty. */
struct mounts {
	struct mount *at;
	size_t n, size;
};

/*
 * Adds the entries of /proc/self/mountinfo (proc(5)) or /proc/swaps whose source is below /dev.
 * Modifies the text. Skips lines that do not parse. Returns 0 or -ENOMEM.
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
	char *text; /* the strings below point into it */
	struct mount_row *at;
	size_t n, size;
};

#define MOUNTS_MAX 65536

/* Reads a whole mountinfo; takes over the text, which must come from malloc. Returns 0 or -ENOMEM.
 * Skips lines that do not parse. The caller empties it with mount_table_done in each case. */
int mount_table_parse(struct mount_table *ret, char *text);
void mount_table_done(struct mount_table *m);

/* The mount exactly at point, or NULL: of several the last, which hides the others. */
const struct mount_row *mount_table_at(const struct mount_table *m, const char *point);

/* The mount that contains an absolute path, compared as text: links are not followed. Or NULL. */
const struct mount_row *mount_table_of(const struct mount_table *m, const char *path);

#endif
