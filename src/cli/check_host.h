/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_HOST_H
#define CLI_CHECK_HOST_H

#include "base/err.h"
#include "cli/findings.h"
#include "core/ctx.h"

/*
 * Reads config and machine and checks them. root NULL: this machine, or, with w->sysfs, only that
 * tree. -EINVAL for an invalid config (its errors are in ret_ctx's config): then nothing else is
 * checked, but without a config the machine is checked alone. Another negative errno, with a text,
 * if the machine cannot be read. *ret_ctx is to be emptied in each case.
 */
int check_host(struct findings *ret, struct ctx *ret_ctx, const struct sysroot *w, const char *root,
	struct err *err) _must_check_;

#endif
