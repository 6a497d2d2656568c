/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "base/err.h"
#include "cli/findings.h"
#include "core/ctx.h"
#include "host/host_loss.h"
#include "host/inventory.h"

#include <stdbool.h>

/* The machine that is checked. */
struct check_ctx {
	const char *root;    /* the directory used as /: "" for this machine's; NULL: not read */
	const char *cmdline; /* the kernel command line, "" if it is not known */
	bool live;           /* it is this machine, and it is running */
	const struct sysroot *sysroot;
	bool replayed; /* it is that of a record, which contains the findings about its images */
	struct ctx *ctx;
	struct inventory *inventory;
	const struct host_uses *uses; /* what is attached to the functions */
	struct findings *findings;
};

/* True if the config selects a device: then an obstacle is an error and not only a warning. */
bool check_ctx_asks(const struct check_ctx *c);

/* Formats a path below the root; false if it is too long, or without a root. */
#define CHECKED_PATH_MAX 512
bool check_ctx_path(const struct check_ctx *c, char buf[static CHECKED_PATH_MAX], const char *fmt,
	...) _printf_(3, 4);
bool check_ctx_exists(const struct check_ctx *c, const char *path);
/* A whole file below the root, to be freed by the caller; NULL: no such file. */
char *check_ctx_text(const struct check_ctx *c, const char *path);

/* Calls each(c, name, to) for the visible files of a directory below the root, in the order of
 * base/dir (NULL: strcmp); never if the directory does not exist. */
void check_ctx_each(const struct check_ctx *c, const char *directory,
	int (*order)(const char *a, const char *b),
	void (*each)(const struct check_ctx *c, const char *name, void *to), void *to);

/* True if the kernel can be booted: modules may remain after a kernel is removed. */
bool check_ctx_can_boot(const struct check_ctx *c, const char *kernel);

/* True if the plan binds this function. */
bool check_ctx_binds(const struct check_ctx *c, struct pci_addr addr);

/* The topics of check_images and check_others, whose findings a record contains. NULL-terminated.
 */
extern const char *const check_recorded_topics[];

/* The checks, a file each; each adds its findings. */
void check_iommu(const struct check_ctx *c);
void check_plan(const struct check_ctx *c);
void check_access(const struct check_ctx *c); /* on the running machine alone */
void check_images(const struct check_ctx *c);
void check_others(const struct check_ctx *c);

/*
 * What of the machine itself keeps devices from VMs, whatever the config says: IOMMU, interrupts,
 * groups, processor. Each is a note. w as for check_host; a negative errno with a text if the
 * machine cannot be read.
 */
int check_machine(struct findings *ret, const struct sysroot *w, struct err *err) _must_check_;

/*
 * Reads config and machine and checks them. root NULL: this machine, or, with w->sysfs, only that
 * tree. -EINVAL for an invalid config (its errors are in ret_ctx's config): then nothing else is
 * checked, but without a config the machine is checked alone. Another negative errno, with a text,
 * if the machine cannot be read. *ret_ctx is to be emptied in each case.
 */
int check_host(struct findings *ret, struct ctx *ret_ctx, const struct sysroot *w, const char *root,
	struct err *err) _must_check_;

#endif
