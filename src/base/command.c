/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_help(
	const struct command_info *info, const struct option_row *rows, const char *name)
{
	printf("Usage: vfio-bind %s [OPTION...]%s%s\n%s\n\n", name, info->operands ? " " : "",
		info->operands ? info->operands : "", info->about);
	options_print(rows);
}

static bool operands_fit(const struct command_info *info, int n, char **argv, struct err *err)
{
	if (!info->takes && n > 0)
		(void)err_set(err, EINVAL, "%s takes no '%s'", argv[0], argv[1]);
	else if (n < info->least || (info->most > 0 && n > info->most))
		(void)err_set(err, EINVAL, "%s takes %s", argv[0], info->takes);
	else
		return true;
	return false;
}

/* --sysfs and --root name what is there; other directories (--run) are made. */
static bool roots_exist(const struct option_row *rows, struct err *err)
{
	for (; rows->name; rows++) {
		if (!rows->value || !*rows->value ||
			(strcmp(rows->name, "sysfs") != 0 && strcmp(rows->name, "root") != 0))
			continue;
		if (access(*rows->value, F_OK) < 0) {
			(void)err_set(err, errno, "--%s %s: %s", rows->name, *rows->value,
				strerror(errno));
			return false;
		}
	}
	return true;
}

bool command_parse(const struct command_info *info, const struct option_row *rows, int argc,
	char **argv, const bool *help, int *ret_operands, enum cmd_result *ret, struct err *err)
{
	int n;

	*ret = CMD_USAGE;
	if (options_read(rows, argc, argv, &n, err) < 0)
		return false;
	if (*help) {
		print_help(info, rows, argv[0]);
		*ret = CMD_AS_ASKED;
		return false;
	}
	if (!operands_fit(info, n, argv, err))
		return false;
	if (!info->at_boot && !roots_exist(rows, err)) {
		*ret = CMD_SYSTEM;
		return false;
	}
	if (ret_operands)
		*ret_operands = n;
	return true;
}
