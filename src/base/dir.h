/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The names in a directory, without "." and "..", in order. Zero-initialised is empty. */
struct dir_names {
	char **at;
	size_t n;
};

/*
 * Lists the directory `path` below dirfd. Without `wanted` all names; without `compare` in the
 * order of strcmp (strverscmp is another). 0 or -errno; *ret is empty after an error, and is to be
 * emptied with dir_names_done after success. (scandirat(3) does this where the C library has it.)
 */
int dir_list(struct dir_names *ret, int dirfd, const char *path, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *));
void dir_names_done(struct dir_names *d);

/* Creates the directory, and what is missing of the directories above it. 0 or -errno. */
int dir_make(const char *path, struct err *err) _must_check_;

#endif
