/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <string.h>

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
	static const char *const names[] = {"extlinux/extlinux.conf", "extlinux.conf",
		"syslinux/syslinux.cfg", "syslinux/extlinux.conf", "EFI/syslinux/syslinux.cfg",
		"syslinux.cfg", NULL};

	(void)err;
	if (root_is_file(q->s->root, "etc/update-extlinux.conf"))
		return template_add(
			q, "etc/update-extlinux.conf", "default_kernel_opts", "update-extlinux");
	if (has_u_boot_menu(q->s->root))
		return template_add(q, "etc/default/u-boot", "U_BOOT_PARAMETERS", "u-boot-update");
	_cleanup_(str_free) char *path = detect_below_boots(q->s, names);
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

const struct loader loader_extlinux = {
	.name = "extlinux",
	.called = (const char *const[]){"extlinux", "syslinux", NULL},
	.booted = booted,
	.detect = detect,
};
