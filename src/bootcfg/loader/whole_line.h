/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_WHOLE_LINE_H
#define BOOTCFG_LOADER_WHOLE_LINE_H

#include "bootcfg/loader/karg_sources.h"

/*
 * The line that a tool's fallback ends in is that of the running kernel, or in another root of the
 * one that happens to run there: the first link of the chain can't get the new words alone, which
 * would be a line without root=. It gets the whole line that the entries have now.
 */

/* The one line that every entry of this system has (of those loaders; NULL: of any), ways back left
 * out: allocated. *ret NULL: there is none, it has no root=, or they differ. 0 or -ENOMEM. */
int whole_line_find(const struct root *r, const struct loaders *l, char **ret) _must_check_;

/* Adds /etc/kernel/cmdline, made with that line if a word changes, and a note for the user that
 * `reader` takes it from there. *ret_found: false if the line is not known. 0 or -ENOMEM. */
int whole_line_pin(
	const struct root *r, struct loaders *to, const char *reader, bool *ret_found) _must_check_;

#endif
