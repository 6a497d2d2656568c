/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/begin.h"

#include <errno.h>
#include <stdio.h>

static void print_help(const struct face *face, const struct option_row *rows, const char *name)
{
	printf("Usage: vfio-bind %s [OPTION...]%s%s\n%s\n\n", name, face->operands ? " " : "",
		face->operands ? face->operands : "", face->about);
	options_print(rows);
}

static bool operands_fit(const struct face *face, int n, char **argv, struct err *err)
{
	if (!face->takes && n > 0)
		(void)err_set(err, EINVAL, "%s takes no '%s'", argv[0], argv[1]);
	else if (n < face->least || (face->most > 0 && n > face->most))
		(void)err_set(err, EINVAL, "%s takes %s", argv[0], face->takes);
	else
		return true;
	return false;
}

bool command_begin(const struct face *face, const struct option_row *rows, int argc, char **argv,
	const bool *help, int *ret_operands, enum cmd_result *ret, struct err *err)
{
	int n;

	*ret = CMD_USAGE;
	if (options_read(rows, argc, argv, &n, err) < 0)
		return false;
	if (*help) {
		print_help(face, rows, argv[0]);
		*ret = CMD_AS_ASKED;
		return false;
	}
	if (!operands_fit(face, n, argv, err))
		return false;
	if (ret_operands)
		*ret_operands = n;
	return true;
}
