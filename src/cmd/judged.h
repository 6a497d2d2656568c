/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_JUDGED_H
#define CMD_JUDGED_H

#include "cmd/findings.h"
#include "cmd/situation.h"
#include "pci/inventory.h"

#include <dirent.h>
#include <stdbool.h>

/* The machine that is judged. */
struct judged {
	const char *root;    /* what stands for /: "" for this machine's; NULL: not looked at */
	const char *cmdline; /* the kernel command line, "" where it is not known */
	bool live;           /* it is this machine, and it runs */
	bool replayed;       /* it is one of a record, which says what was found of its images */
	struct situation *situation;
	struct inventory *inventory;
	struct findings *findings;
};

/* Is anything asked for, so that what stands in its way is wrong and not only worth a note? */
bool judged_asks(const struct judged *c);

/* A path below the root; false where it is too long, or there is no root. */
#define JUDGED_PATH_MAX 512
bool judged_path(const struct judged *c, char buf[static JUDGED_PATH_MAX], const char *fmt, ...)
	_printf_(3, 4);
bool judged_exists(const struct judged *c, const char *path);
/* A whole file below the root, for the caller to free; NULL where there is none. */
char *judged_text(const struct judged *c, const char *path);

/* Calls each(c, name, to) for what is in a directory below the root and not hidden, in an order of
 * scandir(3); not at all where there is no such directory. */
void judged_each(const struct judged *c, const char *directory,
	int (*order)(const struct dirent **a, const struct dirent **b),
	void (*each)(const struct judged *c, const char *name, void *to), void *to);

/* Modules stay behind when a kernel goes: is this one that can be booted? */
bool judged_can_boot(const struct judged *c, const char *kernel);

/* Does the plan give this function to a VM? */
bool judged_binds(const struct judged *c, struct pci_addr addr);

#endif
