/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_QEMU_SCRIPT_H
#define CLI_QEMU_SCRIPT_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Lines of ours in a shell script that starts QEMU: a pure editor, text in, text out. They stand
 * between two marks; every other byte stays, and taking the lines out gives the first text back.
 */
enum script_place {
	SCRIPT_IN_COMMAND, /* behind the first line of a command that goes on with a backslash */
	SCRIPT_BEFORE,     /* before a command in one line, or before all that is done where the
			      command isn't found: as more positional parameters, which the
			      command has to hand on */
};

/*
 * Takes our lines out and, where words (n of them, "-device" and its value by turns) are given,
 * puts them in again: at the same place, and the same words twice change nothing. *ret_place is
 * where they stand, *ret_used whether the script takes them ("$@" for SCRIPT_BEFORE).
 *
 * -EINVAL, and a text, where a mark stands alone: then a person has edited our lines, and nobody
 * knows where they end.
 */
int script_edit(struct text *ret, const char *script, size_t len, const char *const *words,
	size_t n, enum script_place *ret_place, bool *ret_used, struct err *err) _must_check_;

#endif
