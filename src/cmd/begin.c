/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/begin.h"

#include <errno.h>
#include <stdio.h>

bool command_begin(const struct option_row *rows, int argc, char **argv, const bool *help,
	const char *about, enum cmd_result *ret, struct err *err)
{
	int operands;

	*ret = CMD_USAGE;
	if (options_read(rows, argc, argv, &operands, err) < 0)
		return false;
	if (operands > 0) {
		(void)err_set(err, EINVAL, "%s takes no '%s'", argv[0], argv[1]);
		return false;
	}
	if (!*help)
		return true;
	printf("Usage: vfio-bind %s [OPTION...]\n%s\n\n", argv[0], about);
	options_print(rows);
	*ret = CMD_AS_ASKED;
	return false;
}
