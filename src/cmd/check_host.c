/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/check_host.h"

#include "base/file.h"
#include "base/str.h"
#include "pci/sysfs_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (4096UL * 1024) /* /proc/interrupts of a large machine */

bool check_asks(const struct check_host *c)
{
	return c->situation->config.n_selectors > 0;
}

bool check_path(const struct check_host *c, char buf[static CHECK_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	if (!c->root)
		return false;
	size_t len = str_copy(buf, CHECK_PATH_MAX, c->root);
	va_start(ap, fmt);
	int n = vsnprintf(buf + len, CHECK_PATH_MAX - len, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < CHECK_PATH_MAX - len;
}

bool check_exists(const struct check_host *c, const char *path)
{
	char full[CHECK_PATH_MAX];

	return check_path(c, full, "%s", path) && faccessat(AT_FDCWD, full, F_OK, 0) == 0;
}

char *check_text(const struct check_host *c, const char *path)
{
	char full[CHECK_PATH_MAX], *text = NULL;
	size_t len;

	if (!check_path(c, full, "%s", path) ||
		file_read(AT_FDCWD, full, TEXT_MAX, &text, &len, NULL) < 0)
		return NULL;
	return text;
}

/* The switch decides what a boot does; what is judged is the config. */
static void look_at_switch(const struct check_host *c)
{
	struct boot_switch b = boot_switch_parse(c->cmdline);

	if (b.mode != BOOT_BIND)
		findings_add(c->findings, check_asks(c), "off", "this boot has bound nothing", NULL,
			"vfio-bind is off: %s", b.reason);
}

static char *read_cmdline(const struct check_host *c, const struct world *w, struct sysfs *s)
{
	if (w->cmdline)
		return strdup(w->cmdline);
	return c->root ? check_text(c, "/proc/cmdline")
		       : sysfs_path_text(s, NOTES_DIRECTORY "/cmdline");
}

static int judge(struct check_host *c, const struct world *w, struct err *err)
{
	_cleanup_(inventory_done) struct inventory inventory = {0};
	_cleanup_(notes_done) struct notes notes = {0};
	struct pci_names names = {0}; /* nothing is called by its name here */
	struct sysfs *s = &c->situation->sysfs;

	int r = inventory_gather(&inventory, s, &names, &notes, err);
	if (r < 0)
		return r;
	_cleanup_(str_free) char *cmdline = read_cmdline(c, w, s);
	c->cmdline = cmdline ? cmdline : "";
	c->inventory = &inventory;
	look_at_switch(c);
	check_iommu(c);
	check_plan(c);
	check_images(c);
	check_others(c);
	c->inventory = NULL;
	return c->findings->failed ? err_set(err, ENOMEM, "out of memory for what was found") : 0;
}

int check_host(struct findings *ret, struct situation *ret_situation, const struct world *w,
	const char *root, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	struct check_host c = {.root = root       ? root
				       : w->sysfs ? NULL
						  : "",
		.live = !root && !w->sysfs,
		.situation = ret_situation,
		.findings = ret};

	int r = situation_read(ret_situation, w, &bind, err);
	return r < 0 ? r : judge(&c, w, err);
}
