/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TMPDIR_H
#define SHARED_TMPDIR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tmpdir_entry;

/*
 * A directory of our own below /tmp, removed when the command ends. Its paths may come from an
 * untrusted file: a path is relative and without "..", and links are not followed.
 */
struct tmpdir {
	char path[32]; /* "" for none */
	int fd;
	struct tmpdir_entry **made; /* what is in it, in order */
	size_t n, size;
	void *links; /* a tree of the paths of links in it */
};

int tmpdir_make(struct tmpdir *ret, struct err *err) _must_check_;
void tmpdir_done(struct tmpdir *s);

/* Creates missing parent directories. Each returns 0 or -errno; -EINVAL for a path that leads
 * outside. */
int tmpdir_directory(struct tmpdir *s, const char *path) _must_check_;
/* Writes into a file, which is created if missing: at an offset, or for -1 at its end. */
int tmpdir_write(struct tmpdir *s, const char *path, off_t offset, const void *data,
	size_t len) _must_check_;
/* A file that another program made there is removed with the others. */
int tmpdir_take(struct tmpdir *s, const char *path) _must_check_;
/* Creates a relative link, which may not lead outside. Create all links after all files. */
int tmpdir_link(struct tmpdir *s, const char *path, const char *target) _must_check_;

#endif
