/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_CTX_H
#define CLI_CHECK_CTX_H

#include "cli/findings.h"
#include "core/ctx.h"
#include "host/inventory.h"

#include <dirent.h>
#include <stdbool.h>

/* The machine that is judged. */
struct check_ctx {
	const char *root;    /* what stands for /: "" for this machine's; NULL: not looked at */
	const char *cmdline; /* the kernel command line, "" where it is not known */
	bool live;           /* it is this machine, and it runs */
	bool replayed;       /* it is one of a record, which says what was found of its images */
	struct ctx *ctx;
	struct inventory *inventory;
	struct findings *findings;
};

/* Is anything asked for, so that what stands in its way is wrong and not only worth a note? */
bool check_ctx_asks(const struct check_ctx *c);

/* A path below the root; false where it is too long, or there is no root. */
#define JUDGED_PATH_MAX 512
bool check_ctx_path(const struct check_ctx *c, char buf[static JUDGED_PATH_MAX], const char *fmt,
	...) _printf_(3, 4);
bool check_ctx_exists(const struct check_ctx *c, const char *path);
/* A whole file below the root, for the caller to free; NULL where there is none. */
char *check_ctx_text(const struct check_ctx *c, const char *path);

/* Calls each(c, name, to) for what is in a directory below the root and not hidden, in an order of
 * scandir(3); not at all where there is no such directory. */
void check_ctx_each(const struct check_ctx *c, const char *directory,
	int (*order)(const struct dirent **a, const struct dirent **b),
	void (*each)(const struct check_ctx *c, const char *name, void *to), void *to);

/* Modules stay behind when a kernel goes: is this one that can be booted? */
bool check_ctx_can_boot(const struct check_ctx *c, const char *kernel);

/* Does the plan give this function to a VM? */
bool check_ctx_binds(const struct check_ctx *c, struct pci_addr addr);

#endif
