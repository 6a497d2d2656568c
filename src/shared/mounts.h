/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_MOUNTS_H
#define SHARED_MOUNTS_H

#include "base/err.h"

#include <stddef.h>

/* One line of a table; what its file does not have is 0 or "". */
struct mount_row {
	unsigned major, minor; /* of mountinfo; for btrfs a number that no block device has */
	const char *point;     /* without a slash at its end, except "/" */
	const char *type;      /* of swaps "partition" or "file" */
	const char *source;
	const char *options; /* of mountinfo those of the file system, not of the mount */
};

struct libmnt_table;

/* Zero-initialised is empty. */
struct mount_table {
	struct libmnt_table *table; /* the strings below belong to it */
	struct mount_row *at;
	size_t n;
	unsigned bad_line; /* the first line that is invalid, and left out; or 0 */
};

/*
 * Reads the text of /proc/self/mountinfo, of /proc/swaps (proc(5)) or of fstab(5), by libmount.
 * Nothing else is read, neither /sys nor links: the text may be of another system. Returns 0 or
 * -ENOMEM. The caller empties the table with mount_table_done in each case.
 */
int mount_table_parse(struct mount_table *ret, const char *text) _must_check_;
int mount_table_parse_swaps(struct mount_table *ret, const char *text) _must_check_;
int mount_table_parse_fstab(struct mount_table *ret, const char *text) _must_check_;
void mount_table_done(struct mount_table *m);

/* The mount exactly at point, or NULL: of several the last, which hides the others. */
const struct mount_row *mount_table_at(const struct mount_table *m, const char *point);

/* The mount that contains an absolute path, compared as text: links are not followed. Or NULL. */
const struct mount_row *mount_table_of(const struct mount_table *m, const char *path);

#endif
