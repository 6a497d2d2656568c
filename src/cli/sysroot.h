/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SYSROOT_H
#define CLI_SYSROOT_H

#include "core/ctx.h"
#include "host/hostdevs.h"
#include "host/variants.h"
#include "shared/tmpdir.h"

/* What a command on a host begins with: it searches for the devices that the host boots from. */
#define SYSROOT_HOST                                                                               \
	{                                                                                          \
		.find = hostdevs_find, .variants = variants_of_host                                \
	}

/*
 * Lets --sysfs name what `record` wrote: a file becomes a tree that goes when the command ends, and
 * in a tree that a record became, its config, command line and root stand for those that were not
 * named. For commands that only look. To be ended with sysroot_done in each case.
 */
struct sysroot_record {
	struct tmpdir scratch;
	char *config, *cmdline, *root;
};
int sysroot_unfold(struct sysroot *w, struct sysroot_record *ret, struct err *err) _must_check_;
void sysroot_done(struct sysroot_record *r);

/* -EPERM with "COMMAND needs root: run it with sudo", unless the effective user is root or sysfs,
 * of another machine, is not NULL. */
int needs_root(const char *command, const char *sysfs, struct err *err) _must_check_;

#endif
