/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check_host.h"

#include "base/str.h"
#include "cli/check.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The switch decides whether a boot binds; the config is checked either way. */
static void check_switch(const struct check_ctx *c)
{
	struct boot_switch b = boot_switch_parse(c->cmdline);

	if (b.mode != BOOT_BIND)
		findings_add(c->findings, check_ctx_asks(c), "off", "this boot has bound nothing",
			NULL, "vfio-bind is off: %s", b.reason);
}

static char *read_cmdline(const struct check_ctx *c, const struct sysroot *w, struct sysfs *s)
{
	if (w->cmdline)
		return strdup(w->cmdline);
	return c->root ? check_ctx_text(c, "/proc/cmdline")
		       : sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
}

const char *const check_recorded_topics[] = {
	"modules", "hook", "confirm", "image", "cmdline", "modprobe", "driverctl", "script", NULL};

/* Kernels, images and the files of other tools are not in a record; what was found in them is. */
static void check_files(const struct check_ctx *c)
{
	struct sysfs *s = &c->ctx->sysfs;
	_cleanup_(str_free) char *found = c->replayed
						  ? sysfs_path_text(s, NOTES_DIRECTORY "/findings")
						  : NULL;

	if (found) {
		findings_read(c->findings, check_recorded_topics, found);
		return;
	}
	if (c->replayed) { /* an older one has only what was found in images */
		_cleanup_(str_free) char *images = sysfs_path_text(s, NOTES_DIRECTORY "/images");
		findings_read(c->findings, check_recorded_topics, images);
	} else {
		check_images(c);
	}
	check_others(c);
}

static int check_all(struct check_ctx *c, const struct sysroot *w, struct err *err)
{
	_cleanup_(inventory_done) struct inventory inventory = {0};
	_cleanup_(host_snapshot_done) struct host_snapshot notes = {0};
	struct pciids names = {0}; /* no device is printed by name here */
	struct sysfs *s = &c->ctx->sysfs;

	int r = inventory_gather(&inventory, s, &names, &notes, err);
	if (r < 0)
		return r;
	_cleanup_(str_free) char *cmdline = read_cmdline(c, w, s);
	c->cmdline = cmdline ? cmdline : "";
	c->inventory = &inventory;
	check_switch(c);
	check_iommu(c);
	check_plan(c);
	check_files(c);
	if (c->live)
		findings_ask_bootcfg(c->findings);
	c->inventory = NULL;
	return c->findings->failed ? err_set(err, ENOMEM, "out of memory for what was found") : 0;
}

int check_host(struct findings *ret, struct ctx *ret_ctx, const struct sysroot *w, const char *root,
	struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	struct check_ctx c = {.root = root       ? root
				      : w->sysfs ? NULL
						 : "",
		.live = !root && !w->sysfs,
		.replayed = w->replayed,
		.ctx = ret_ctx,
		.findings = ret};

	int r = ctx_read(ret_ctx, w, &bind, err);
	if (r == -EINVAL && ret_ctx->config.missing) {
		r = ctx_plan(ret_ctx, w, &bind, err);
		if (r == 0)
			r = check_all(&c, w, err);
		return r < 0 ? r : -EINVAL;
	}
	return r < 0 ? r : check_all(&c, w, err);
}
