/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_BEGIN_H
#define CMD_BEGIN_H

#include "base/options.h"
#include "cmd/cmd.h"

/*
 * How every command begins that takes options and no operands: reads argv by the rows, of which one
 * sets *help, and prints the help where it is asked for (`about`: one or more sentences). True: go
 * on; false: *ret is how the command ends.
 */
bool command_begin(const struct option_row *rows, int argc, char **argv, const bool *help,
	const char *about, enum cmd_result *ret, struct err *err) _must_check_;

#endif
