/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The config as a file that `init` writes and undoes. It begins with a line that says so and has a
 * checksum of the rest, which shows later whether it was edited. The previous file is kept as
 * FILE.before-init, byte for byte; a second init over its own, unedited file keeps the first one's.
 */
struct config_file {
	const char *path; /* by reference */
	char *data;       /* the current text, NULL: no such file */
	size_t len;
	bool ours;           /* written by init, not edited since */
	bool edited;         /* written by init, edited since */
	bool says_something; /* not from init, not all default: selects or sets something */
	unsigned line;       /* the line that does, 0: not known */
	bool plain;          /* ours, and nothing but addresses to bind: may be composed anew */
};

/* 0, also if the file does not exist; -errno if it cannot be read. */
int config_file_look(struct config_file *ret, const char *path, struct err *err) _must_check_;
void config_file_done(struct config_file *f);

/* True if the file already is what init would write for this body. */
bool config_file_holds(const struct config_file *f, const char *body, size_t len);

/* Writes first line and body over the file that config_file_look read. */
int config_file_write(
	const struct config_file *f, const char *body, size_t len, struct err *err) _must_check_;

/* Undoes what init wrote to the file at path; with `ask` the user may agree to lose the edits. */
int config_file_take_back(const char *path, bool ask, struct err *err) _must_check_;

/* Undoes the last config_file_write alone: restores the file that config_file_look read before. */
int config_file_rollback(const struct config_file *before, struct err *err) _must_check_;

#endif
