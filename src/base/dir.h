/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include "base/err.h"
#include "base/strings.h"

#include <stdbool.h>

/*
 * Lists the names in the directory `path` below dirfd, without "." and "..". Without `wanted` all
 * names; without `compare` in the order of strcmp (strverscmp is another). 0 or -errno; *ret is
 * empty after an error, and is to be emptied with strings_done after success. (scandirat(3) does
 * this where the C library has it.)
 */
int dir_list(struct strings *ret, int dirfd, const char *path, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *));
/* The same for an open directory, which is closed. */
int dir_read(struct strings *ret, int fd, bool (*wanted)(const char *name),
	int (*compare)(const char *, const char *));

/* Creates the directory, and what is missing of the directories above it. 0 or -errno. */
int dir_make(const char *path, struct err *err) _must_check_;

#endif
