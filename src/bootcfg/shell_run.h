/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SHELL_RUN_H
#define BOOTCFG_SHELL_RUN_H

#include "bootcfg/shell.h"
#include "bootcfg/shell_vars.h"

/* One text goes through; several in turn are files sourced one after another. A variable nobody
 * assigned is the environment's: its expansion is opaque. `name` is for messages. */
int shell_run(struct shell_vars *vars, const struct shell *s, uint16_t file, const char *name,
	const char *text, struct err *err) _must_check_;

#endif
