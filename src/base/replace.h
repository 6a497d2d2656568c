/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a file is to be. */
struct replacement {
	const char *data;
	size_t len;
	/* What it holds now, checked right before the rename: -EBUSY when somebody else wrote in
	 * the meantime. NULL: there is no such file, and one that appears is not overwritten. */
	const char *old;
	size_t old_len;
	/* For a file that is new; one that exists keeps its own, and its extended attributes. */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * Replaces a file the whole way: a new file beside it (hidden, and no name a boot loader reads),
 * with mode, owner and extended attributes of the old, flushed, read back and compared, renamed
 * over it, the directory flushed. After a power loss there is the old file or the new one. On FAT,
 * whose rename is not power-safe, a copy of the old stays beside it until the new one has been read
 * back. `name` has no slash and is no symlink; on failure the old file is untouched and nothing is
 * left.
 */
int file_replace(
	int dirfd, const char *name, const struct replacement *to, struct err *err) _must_check_;

/*
 * The same for the file that a path leads to, symlinks followed: what it holds now is read first, a
 * file that is not there is made with `mode`. -EINVAL for what is not a regular file.
 */
int file_replace_path(
	const char *path, const char *data, size_t len, mode_t mode, struct err *err) _must_check_;

/* Removes what a replacement that was cut short by a power loss left beside the file. */
void file_tidy(int dirfd, const char *name);

/* Renames within a directory, and flushes it. -errno. */
int file_rename(int dirfd, const char *from, const char *to) _must_check_;

/* Removes a file that holds these bytes, and flushes the directory. -EBUSY when it holds others. */
int file_remove(
	int dirfd, const char *name, const char *data, size_t len, struct err *err) _must_check_;

#endif
