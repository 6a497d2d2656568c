/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/err.h"
#include "base/options.h"

#include <stdbool.h>

/* How a command ended; the main makes an exit code of it. */
enum cmd_result {
	CMD_AS_ASKED, /* 0 */
	CMD_NOT_ALL,  /* 1: not all of what was asked for holds */
	CMD_USAGE,    /* 2: the command line; err says what */
	CMD_CONFIG,   /* 3: the config has errors, which are logged already */
	CMD_SYSTEM,   /* 4: the system refused; err says what */
};

/* The help of a command. */
struct command_info {
	const char *about;    /* one or more sentences */
	const char *takes;    /* its operands in a sentence, "PCI addresses, as …"; NULL: none */
	const char *operands; /* its operands in the usage line, "ADDRESS..." */
	int least, most;      /* how many; most 0: any number */
	bool at_boot;         /* run by the system, which decides by itself what it looks at */
};

/*
 * The common start of every command: parses argv by the rows, of which one sets *help, and prints
 * the help if requested. True: continue, with the operands in argv[1..] and their number in
 * *ret_operands (which may be NULL); false: *ret is the result of the command. CMD_SYSTEM: what
 * --sysfs or --root names does not exist.
 */
bool command_parse(const struct command_info *info, const struct option_row *rows, int argc,
	char **argv, const bool *help, int *ret_operands, enum cmd_result *ret,
	struct err *err) _must_check_;

#endif
