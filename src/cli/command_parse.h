/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_COMMAND_PARSE_H
#define CLI_COMMAND_PARSE_H

#include "cli/cmd.h"
#include "shared/options.h"

/* What a command says of itself. */
struct command_info {
	const char *about;    /* one or more sentences */
	const char *takes;    /* its operands in a sentence, "PCI addresses, as …"; NULL: none */
	const char *operands; /* and in the line of usage, "ADDRESS..." */
	int least, most;      /* how many; most 0: any number */
};

/*
 * How every command begins: reads argv by the rows, of which one sets *help, and prints the help
 * where it is asked for. True: go on, with the operands in argv[1..] and their number in
 * *ret_operands (which may be NULL); false: *ret is how the command ends.
 */
bool command_parse(const struct command_info *info, const struct option_row *rows, int argc,
	char **argv, const bool *help, int *ret_operands, enum cmd_result *ret,
	struct err *err) _must_check_;

#endif
