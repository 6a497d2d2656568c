/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The new content of a file. */
struct replacement {
	const char *data;
	size_t len;
	/* The current content, checked right before the rename: -EBUSY if another program wrote in
	 * the meantime. NULL: there is no such file, and one that appears is not overwritten. */
	const char *old;
	size_t old_len;
	/* For a new file; an existing file keeps its own, and its extended attributes. */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* That of a new file of who runs the program. */
struct replacement replacement_of_caller(const char *data, size_t len, mode_t mode);

/*
 * Replaces a file completely: a new file beside it (hidden, with a name that no boot loader reads),
 * with mode, owner and extended attributes of the old, is flushed, read back and compared, and
 * renamed over it; then the directory is flushed. After a power loss there is the old file or the
 * new one. On FAT, whose rename is not power-safe, a copy of the old file stays beside it until the
 * new one has been read back, and also if that fails: .NAME.vfio-old. `name` has no slash and is
 * not a symlink; on any other failure the old file is untouched and nothing is left.
 */
int file_replace(
	int dirfd, const char *name, const struct replacement *to, struct err *err) _must_check_;

/*
 * The same for the file that a path leads to, symlinks followed: the current content is read first;
 * a missing file is created with `mode`. -EINVAL for anything that is not a regular file.
 */
int file_replace_path(
	const char *path, const char *data, size_t len, mode_t mode, struct err *err) _must_check_;

/* str_hash of all bytes of an open file, from its beginning. 0 or -errno. */
int file_hash(int fd, uint64_t *ret) _must_check_;

/* Copies all bytes of an open file into a new one, which is flushed; its name is not, see
 * file_sync_dir. 0 or -errno. */
int file_copy(int from, int dirfd, const char *name, uint64_t *ret_hash) _must_check_;

/*
 * Replaces a file, whatever it holds, by the bytes of an open one, with this mode and owner; an
 * existing file's extended attributes stay. Flushed and read back. For large files: nothing is held
 * in memory.
 */
int file_replace_copy(int dirfd, const char *name, int from, mode_t mode, uid_t uid, gid_t gid,
	struct err *err) _must_check_;

/* Flushes a directory. 0 or -errno. */
int file_sync_dir(int dirfd) _must_check_;

/* Flushes all files of the file system that a directory is on: for what another program wrote
 * there. 0 or -errno. */
int file_sync_all(int dirfd) _must_check_;

/* Removes the files that a replacement interrupted by a power loss left beside the file. */
void file_tidy(int dirfd, const char *name);

/* Renames within a directory and flushes it. Returns 0 or -errno. */
int file_rename(int dirfd, const char *from, const char *to) _must_check_;

/* Makes a directory below dirfd (mode 0755), with its name on the disk. 0 also if it is there. */
int file_make_dir(int dirfd, const char *name) _must_check_;

/* Removes a file with these bytes and flushes the directory. -EBUSY if it has others. */
int file_remove(
	int dirfd, const char *name, const char *data, size_t len, struct err *err) _must_check_;

#endif
