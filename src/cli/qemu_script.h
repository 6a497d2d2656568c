/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_QEMU_SCRIPT_H
#define CLI_QEMU_SCRIPT_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Lines of vfio-bind in a shell script that starts QEMU: a pure editor, text in, text out. They are
 * between two marks; every other byte stays, and removing the lines restores the first text.
 */
enum script_place {
	SCRIPT_IN_COMMAND, /* after the first line of a command continued with a backslash */
	SCRIPT_BEFORE, /* before a command in one line, or before all commands if none runs QEMU: as
			  more positional parameters, which the command has to pass on */
};

/*
 * Removes the lines of vfio-bind and, if words (n of them, "-device" and its value by turns) are
 * given, inserts them again: at the same place, and the same words twice change nothing. *ret_place
 * is where they are, *ret_used whether the script uses them ("$@" for SCRIPT_BEFORE).
 *
 * -EINVAL, and a text, for a mark without the other one: then the lines were edited, and their end
 * is not known.
 */
int script_edit(struct text *ret, const char *script, size_t len, const char *const *words,
	size_t n, enum script_place *ret_place, bool *ret_used, struct err *err) _must_check_;

#endif
