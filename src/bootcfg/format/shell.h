/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_H
#define BOOTCFG_FORMAT_SHELL_H

#include "base/err.h"
#include "bootcfg/format/shell_events.h"

/*
 * Reads shell text as sh would (POSIX.1-2017, XCU 2; and the parts of bash that these files use),
 * and lists what it would assign. Nothing is ever run. Pure: text in, list out.
 *
 * -EINVAL with `LINE: what` for what is a syntax error to sh: an open quote, an unfinished
 * here-document, an if without fi. `name` is put before the line number.
 */
int shell_read(const char *name, const char *text, size_t len, struct shell *ret,
	struct err *err) _must_check_;
void shell_done(struct shell *s);

#endif
