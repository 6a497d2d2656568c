/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_SHELL_EVENTS_H
#define BOOTCFG_FORMAT_SHELL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* What a shell text would assign, in its order. */
enum shell_kind {
	SHELL_ASSIGN, /* NAME=… or NAME+=…, alone or after export, readonly, declare */
	SHELL_ARRAY,  /* NAME=(…) */
	SHELL_UNSET,  /* unset NAME */
	SHELL_READ,   /* a command that may assign NAME another way: read, local, printf -v */
	SHELL_OPAQUE, /* eval, . FILE, source: may do anything to any variable */
	SHELL_LEAVE,  /* exit, return, exec: what follows is not run */
};

struct shell_event {
	enum shell_kind kind;
	char *name;        /* allocated; NULL for OPAQUE and LEAVE. With a subscript: NAME[x] */
	bool append;       /* += */
	bool read_only;    /* by readonly: another assignment would be an error */
	bool conditional;  /* inside if, case, a loop, a function, a subshell, after && or || */
	size_t line;       /* from 1 */
	size_t begin, end; /* the value with its quotes */
};

struct shell {
	struct shell_event *v;
	size_t n;
	bool ends_open; /* the last line has no newline */
};

#endif
