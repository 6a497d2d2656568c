/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_ROOT_H
#define SHARED_ROOT_H

#include "base/err.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * All access to the system that is edited: every file is opened below its root directory with
 * openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so an absolute symlink stays inside. Paths have
 * no leading slash.
 */
struct root {
	int fd;
	bool host;        /* the root is / of the running system */
	const char *path; /* as given, for messages */
};

int root_open(struct root *r, const char *path, struct err *err) _must_check_;
void root_done(struct root *r);

/* open(2) below the root. A descriptor or -errno. */
int root_fd(const struct root *r, const char *path, int flags);

bool root_is_file(const struct root *r, const char *path);
bool root_is_dir(const struct root *r, const char *path);
bool root_is_link(const struct root *r, const char *path);

/* Reads a whole regular file of at most 4 MiB; -ENOENT without a text if there is none. */
int root_read(const struct root *r, const char *path, char **ret, size_t *ret_len,
	struct err *err) _must_check_;
/* The same with another bound: menus that a program generates. */
int root_read_large(const struct root *r, const char *path, size_t max, char **ret, size_t *ret_len,
	struct err *err) _must_check_;

/* True if the first 1 MiB of a file contains this text. */
bool root_holds(const struct root *r, const char *path, const char *text);

/* True if a line of a file has both texts before a `#`. */
bool root_line_holds(const struct root *r, const char *path, const char *one, const char *other);

/* Adds the names in a directory that end in suffix, in C order; none if there is no directory. */
int root_list(const struct root *r, const char *dir, const char *suffix, struct strings *ret);

/*
 * The directory and the name after all symlinks are resolved, where a file is replaced. The last
 * part need not exist. *ret_name is allocated.
 */
int root_locate(const struct root *r, const char *path, int *ret_dirfd, char **ret_name,
	struct err *err) _must_check_;

#endif
