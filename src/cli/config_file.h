/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The config as a file that `init` writes and takes back. What it writes begins with a line that
 * says so and holds a checksum of the rest, so that it is known later whether a person has changed
 * it since. The file before stays beside it as FILE.before-init, byte for byte; a second init over
 * its own, unchanged work keeps the first one's.
 */
struct config_file {
	const char *path; /* by reference */
	char *data;       /* what stands there now, NULL: no such file */
	size_t len;
	bool ours;           /* written by init, and unchanged since */
	bool edited;         /* written by init, and changed since */
	bool says_something; /* somebody else's, and not all default: it asks, or sets something */
	unsigned line;       /* where it does, 0: not known */
};

/* 0, also where there is no such file; -errno where it can't be read. */
int config_file_look(struct config_file *ret, const char *path, struct err *err) _must_check_;
void config_file_done(struct config_file *f);

/* Is the file what init would write for this body already? */
bool config_file_holds(const struct config_file *f, const char *body, size_t len);

/* Writes first line and body over what config_file_look saw. */
int config_file_write(
	const struct config_file *f, const char *body, size_t len, struct err *err) _must_check_;

/*
 * Puts the file before init back. 1: done; 0: nothing to take back, init has written nothing here;
 * -EBUSY: somebody has changed the file since (not with force); or -errno.
 */
int config_file_undo(const struct config_file *f, bool force, struct err *err) _must_check_;

/* The same for the file at path; with `ask` a person may say that the changes shall go. */
int config_file_take_back(const char *path, bool ask, struct err *err) _must_check_;

#endif
