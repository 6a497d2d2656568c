/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_CHECK_HOST_H
#define CMD_CHECK_HOST_H

#include "base/err.h"
#include "cmd/findings.h"
#include "cmd/situation.h"
#include "pci/inventory.h"

#include <stdbool.h>

/* The machine that is judged. */
struct check_host {
	const char *root;    /* what stands for /: "" for this machine's; NULL: not looked at */
	const char *cmdline; /* the kernel command line, "" where it is not known */
	bool live;           /* it is this machine, and it runs */
	struct situation *situation;
	struct inventory *inventory;
	struct findings *findings;
};

/* Is anything asked for, so that what stands in its way is wrong and not only worth a note? */
bool check_asks(const struct check_host *c);

/* A path below the root; false where it is too long, or there is no root. */
#define CHECK_PATH_MAX 512
bool check_path(const struct check_host *c, char buf[static CHECK_PATH_MAX], const char *fmt, ...)
	_printf_(3, 4);
bool check_exists(const struct check_host *c, const char *path);
/* A whole file below the root, for the caller to free; NULL where there is none. */
char *check_text(const struct check_host *c, const char *path);

/* Each looks at one side of the machine and adds what it finds. */
void check_iommu(const struct check_host *c);
void check_plan(const struct check_host *c);
void check_images(const struct check_host *c);
void check_others(const struct check_host *c);

/*
 * Reads config and machine and judges all of it. root NULL: this machine, or, with w->sysfs,
 * nothing but that tree. -EINVAL where the config is in error (the errors are in the situation's
 * config): then nothing else was looked at. Another negative errno, with a text, where the machine
 * can't be looked at. The situation is to be emptied in each case.
 */
int check_host(struct findings *ret, struct situation *ret_situation, const struct world *w,
	const char *root, struct err *err) _must_check_;

#endif
