/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_HOST_H
#define CLI_CHECK_HOST_H

#include "base/err.h"
#include "cli/findings.h"
#include "core/ctx.h"

/*
 * Reads config and machine and judges all of it. root NULL: this machine, or, with w->sysfs,
 * nothing but that tree. -EINVAL where the config is in error (the errors are in the situation's
 * config): then nothing else was looked at, but where there is no config at all the machine was
 * judged for itself. Another negative errno, with a text, where the machine
 * can't be looked at. The situation is to be emptied in each case.
 */
int check_host(struct findings *ret, struct ctx *ret_ctx, const struct sysroot *w, const char *root,
	struct err *err) _must_check_;

#endif
