/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SCRIPT_FILE_H
#define CLI_SCRIPT_FILE_H

#include "base/command.h"
#include "base/strings.h"
#include "cli/guest.h"

#include <stdbool.h>

/*
 * The script of a VM, on the disk: a text for a shell, by its first line, which the shell
 * itself parses (-n: nothing is run) before and after the change. Its words of vfio-bind are those
 * of cli/qemu_script.
 */
struct script_file {
	const char *path; /* by reference */
	char *text;
	size_t len;
	const char *shell;                     /* its name */
	struct text plain;                     /* without the words of vfio-bind */
	struct guest_function list[GUEST_MAX]; /* of vfio-bind */
	size_t n;
	struct strings roms; /* their files */
	bool log_words;      /* those that its text does not take are logged, not printed */
};

/* True if the text has a first line that names a program: #!. */
bool script_file_is(const char *text, size_t len);

/*
 * Reads it. -EINVAL if it is not a script for a shell, or the shell does not parse it; -ENOENT if
 * that shell is not installed. To be freed with script_file_done in each case.
 */
int script_file_read(struct script_file *ret, const char *path, struct err *err) _must_check_;
void script_file_done(struct script_file *s);

/*
 * The text of the script with exactly these functions (laid out by guest_lay_out). CMD_NOT_ALL if
 * its text does not tell where QEMU gets its words, which are printed then, or has one of the
 * devices by other means.
 */
enum cmd_result script_file_edit(struct text *ret, const struct script_file *s,
	const struct guest_function *list, size_t n, struct err *err);

#endif
