/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_SHELL_H
#define BOOTCFG_SHELL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads shell text the way sh would (POSIX.1-2017, XCU 2; and the bits of bash that these files
 * use), and lists what it would assign. Nothing is ever run. Pure: text in, list out.
 */
enum shell_kind {
	SHELL_ASSIGN, /* NAME=… or NAME+=…, alone or behind export, readonly, declare */
	SHELL_ARRAY,  /* NAME=(…) */
	SHELL_UNSET,  /* unset NAME */
	SHELL_READ,   /* a command that may assign NAME some other way: read, local, printf -v */
	SHELL_OPAQUE, /* eval, . FILE, source: may do anything to any variable */
	SHELL_LEAVE,  /* exit, return, exec: what follows is not reached */
};

struct shell_event {
	enum shell_kind kind;
	char *name;        /* allocated; NULL for OPAQUE and LEAVE. With a subscript: NAME[x] */
	bool append;       /* += */
	bool read_only;    /* by readonly: another assignment would be an error */
	bool conditional;  /* inside if, case, a loop, a function, a subshell, behind && or || */
	size_t line;       /* from 1 */
	size_t begin, end; /* the value's bytes, quotes and all */
};

struct shell {
	struct shell_event *v;
	size_t n;
	bool ends_open; /* the last line has no newline */
};

/*
 * -EINVAL with `LINE: what` for what sh would call a syntax error: an open quote, an unfinished
 * here-document, an if without fi. `name` is put before the line number.
 */
int shell_read(const char *name, const char *text, size_t len, struct shell *ret,
	struct err *err) _must_check_;
void shell_done(struct shell *s);

#endif
