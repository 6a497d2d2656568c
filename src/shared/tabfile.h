/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHARED_TABFILE_H
#define SHARED_TABFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Readers of the tables that say what a system stands on: fstab(5), crypttab(5),
 * /proc/self/mountinfo and /proc/swaps (proc(5)). All of them are lines of words, in which a blank
 * is written as \040. They cut up the text that they are given, and what they return points into
 * it.
 */

/* The next line, without comments and empty lines where `comments`; NULL behind the last. */
char *tabfile_line(char **text, bool comments);

/*
 * Cuts a line into at most max words, octal escapes undone. Returns how many there are; the last
 * one ends where it ends, what comes behind it is left out.
 */
size_t tabfile_words(char *line, char **words, size_t max);

/* Is the option in a list like "ro,noauto,x-systemd.device-timeout=0"? By its whole name. */
bool tabfile_option(const char *options, const char *name);

/* The value of NAME=VALUE in such a list, copied; false where it isn't there or doesn't fit. */
bool tabfile_option_value(const char *options, const char *name, char *buf, size_t size);

/* Reads "259:2", a device number as the kernel writes it; false where it is anything else. */
bool tabfile_device(const char *word, unsigned *ret_major, unsigned *ret_minor);

#endif
