/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_TABLES_H
#define BIND_TABLES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Readers of the tables that say what a system stands on: fstab(5), crypttab(5),
 * /proc/self/mountinfo and /proc/swaps (proc(5)). All of them are lines of words, in which a blank
 * is written as \040. They cut up the text that they are given, and what they return points into
 * it.
 */

/* The next line, without comments and empty lines where `comments`; NULL behind the last. */
char *table_line(char **text, bool comments);

/*
 * Cuts a line into at most max words, octal escapes undone. Returns how many there are; the last
 * one ends where it ends, what comes behind it is left out.
 */
size_t table_words(char *line, char **words, size_t max);

/* Is the option in a list like "ro,noauto,x-systemd.device-timeout=0"? By its whole name. */
bool table_option(const char *options, const char *name);

/* The value of NAME=VALUE in such a list, copied; false where it isn't there or doesn't fit. */
bool table_option_value(const char *options, const char *name, char *buf, size_t size);

/* Reads "259:2", a device number as the kernel writes it; false where it is anything else. */
bool table_device(const char *word, unsigned *ret_major, unsigned *ret_minor);

struct mount_row {
	unsigned major, minor;
	const char *point;
	const char *type;
	const char *source;
	const char *options; /* of the file system, not of the mount */
};

struct mount_table {
	char *text; /* what the others point into */
	struct mount_row *at;
	size_t n, size;
};

#define MOUNTS_MAX 65536

/* Reads a whole mountinfo; takes over the text, which is to be had from malloc. 0 or -ENOMEM.
 * Lines that aren't understood are passed over. To be emptied with mount_table_done in each case.
 */
int mount_table_parse(struct mount_table *ret, char *text);
void mount_table_done(struct mount_table *m);

/* What is mounted exactly there, or NULL: of several the last, which hides the others. */
const struct mount_row *mount_table_at(const struct mount_table *m, const char *point);

/* The mount on which an absolute path lies, by its words alone: no link is followed. Or NULL. */
const struct mount_row *mount_table_of(const struct mount_table *m, const char *path);

#endif
