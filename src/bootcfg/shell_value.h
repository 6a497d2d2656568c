/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SHELL_VALUE_H
#define BOOTCFG_SHELL_VALUE_H

#include "bootcfg/shell_vars.h"

/* The value of an assignment, text[begin, end): cells, and what is not certain about it. */
struct shell_decoded {
	struct segment out;
	bool command, anything; /* as in shell_var */
	struct text maybe;
};
int shell_decode(const struct shell_vars *vars, const char *text, size_t begin, size_t end,
	uint16_t file, struct shell_decoded *ret) _must_check_;
void shell_decoded_done(struct shell_decoded *d);

#endif
