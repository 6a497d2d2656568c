/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TABFILE_H
#define SHARED_TABFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Readers of the tables of devices and mounts: fstab(5), crypttab(5), /proc/self/mountinfo and
 * /proc/swaps (proc(5)). All have lines of words, in which a blank is written as \040. The readers
 * modify their text, and return pointers into it.
 */

/* The next line, without empty lines and, if `comments`, without comments; NULL after the last. */
char *tabfile_line(char **text, bool comments);

/*
 * Cuts a line into at most max words, with octal escapes decoded. Returns their number; what
 * follows the last word is left out.
 */
size_t tabfile_words(char *line, char **words, size_t max);

/* crypttab(5): what a line leaves out is "". options is a list for tabfile_option. */
struct crypttab_row {
	const char *name, *device, *key, *options;
};

/* Reads the next line that names a device; false after the last. */
bool crypttab_next(char **text, struct crypttab_row *ret);

/* True if a list like "ro,noauto,x-systemd.device-timeout=0" has the option of this whole name. */
bool tabfile_option(const char *options, const char *name);

/* Copies the value of NAME=VALUE in such a list; false if it is missing or does not fit. */
bool tabfile_option_value(const char *options, const char *name, char *buf, size_t size);

#endif
