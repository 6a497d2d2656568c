/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/menu_entries.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const menus[] = {"extlinux/extlinux.conf", "extlinux.conf",
	"syslinux/syslinux.cfg", "syslinux/extlinux.conf", "EFI/syslinux/syslinux.cfg",
	"syslinux.cfg", NULL};

/* A shell file from which a tool makes extlinux.conf. */
static int template_add(
	struct loader_search *q, const char *path, const char *variable, const char *next)
{
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, path);

	if (!p || strings_add(&q->to->next, next) < 0)
		return -ENOMEM;
	/* Without an assignment the tool has its own default ("ro quiet"), which a new one would
	 * replace. */
	p->format = (struct format){.names = {variable},
		.insert_at = variable,
		.bash = q->s->sh_is_bash,
		.must_exist = true};
	loader_found(q->to, &loader_extlinux);
	return 0;
}

static bool has_u_boot_menu(const struct root *r)
{
	return root_is_file(r, "etc/default/u-boot") &&
	       (root_is_file(r, "usr/sbin/u-boot-update") ||
		       root_is_file(r, "boot/extlinux/extlinux.conf") ||
		       root_holds(r, "etc/default/u-boot", "U_BOOT_PARAMETERS="));
}

/* Alpine's update-extlinux, Debian's u-boot-menu, or a menu by hand. */
static int detect(struct loader_search *q, struct err *err)
{
	(void)err;
	if (root_is_file(q->s->root, "etc/update-extlinux.conf"))
		return template_add(
			q, "etc/update-extlinux.conf", "default_kernel_opts", "update-extlinux");
	if (has_u_boot_menu(q->s->root))
		return template_add(q, "etc/default/u-boot", "U_BOOT_PARAMETERS", "u-boot-update");
	_cleanup_(str_free) char *path = detect_below_boots(q->s, menus);
	if (!path)
		return 0;
	loader_found(q->to, &loader_extlinux);
	struct karg_source *p = karg_source_add(q->to, extlinux_edit, 30, path);
	if (p)
		p->format.roots = q->s->roots;
	return p ? 0 : -ENOMEM;
}

/* syslinux adds BOOT_IMAGE= as GRUB does, but without a device and with an initrd= after it. */
static bool booted(const char *cmdline)
{
	return str_starts(cmdline, "BOOT_IMAGE=") && strstr(cmdline, " initrd=");
}

/* DEFAULT LABEL before the labels; else the first one. */
static void default_set(struct boot_reading *q, const char *path, size_t begin)
{
	_cleanup_(str_free) char *text = NULL, *name = NULL;
	size_t len;

	if (root_read(q->root, path, &text, &len, NULL) < 0)
		return;
	for (const char *line = text; *line && !name;
		line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");
		if (strncasecmp(at, "default", 7) == 0 && at[7] && strchr(" \t", at[7]))
			name = strndup(at + 7 + strspn(at + 7, " \t"),
				strcspn(at + 7 + strspn(at + 7, " \t"), " \t\r\n"));
	}
	for (size_t i = begin; i < q->to->n; i++)
		q->to->v[i].is_default = name ? str_equal(q->to->v[i].id, name) : i == begin;
}

static int entries(struct boot_reading *q)
{
	_cleanup_(str_free) char *path = detect_below_boots(q->facts, menus);
	size_t begin = 0;
	int rc = path ? menu_entries_add(q, &loader_extlinux, MENU_EXTLINUX, path, &begin) : 0;

	if (path)
		default_set(q, path, begin);
	return rc;
}

const struct loader loader_extlinux = {
	.name = "extlinux",
	.called = (const char *const[]){"extlinux", "syslinux", NULL},
	.booted = booted,
	.detect = detect,
	.entries = entries,
};
