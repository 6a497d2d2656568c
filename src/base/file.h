/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* No function of this file opens anything as descriptor 0, 1 or 2. Callers that use standard input,
 * output or error need not expect a file there. */

/* Closes *fd if it is open: for _cleanup_(fd_close). Leaves errno alone. */
void fd_close(int *fd);

/*
 * Reads a whole regular file of at most max bytes below dirfd (AT_FDCWD for a plain path). On
 * success *ret is allocated (with one NUL byte after the content; the caller frees it) and *ret_len
 * is its length. -EISDIR for a directory, -EINVAL for anything else that is not a regular file,
 * -EFBIG over max. Never blocks on a FIFO. err names `path`.
 */
int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
	struct err *err) _must_check_;

/*
 * The same for a file whose content root acts on. -EPERM if its owner is not root or the caller, or
 * if group or others may write it. The check is on the opened file, after all links: a user who may
 * replace one of its directories could as well replace the program.
 */
int file_read_trusted(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
	struct err *err) _must_check_;

/*
 * Reads a small file (/proc, /sys) into a buffer, NUL-terminated, in one read; returns its length
 * or -errno without a text, because callers often expect the file to be absent.
 */
ssize_t file_read_small(int dirfd, const char *path, char *buf, size_t size);

/*
 * Replaces (or creates with mode) a file below dirfd as a whole: a new file beside it, renamed over
 * it. Readers see the old bytes or the new. For state below /run: no fsync.
 */
int file_replace_volatile(int dirfd, const char *path, const char *data, size_t len, mode_t mode,
	struct err *err) _must_check_;

/*
 * Opens or creates an empty file below dirfd that only serves flock(2). The caller owns the
 * descriptor.
 */
int file_open_lock(int dirfd, const char *path, struct err *err) _must_check_;

#endif
