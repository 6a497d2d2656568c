/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TMPDIR_H
#define SHARED_TMPDIR_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * A directory of our own below /tmp that goes when the command ends. What is made in it may come
 * from a file that somebody sent: a path is relative and without "..", and no link is followed.
 */
struct tmpdir {
	char path[32]; /* "" while there is none */
	int fd;
};

int tmpdir_make(struct tmpdir *ret, struct err *err) _must_check_;
void tmpdir_done(struct tmpdir *s);

/* Directories on the way are made. Each 0 or -errno; -EINVAL for a path that leads elsewhere. */
int tmpdir_directory(const struct tmpdir *s, const char *path) _must_check_;
/* Writes into a file, made if it is not there: at an offset, or for -1 behind what it holds. */
int tmpdir_write(const struct tmpdir *s, const char *path, off_t offset, const void *data,
	size_t len) _must_check_;
/* A relative link, which may not lead out of the directory. Make all links behind all files. */
int tmpdir_link(const struct tmpdir *s, const char *path, const char *target) _must_check_;

#endif
