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

/* A shell file from which a tool makes extlinux.conf. NULL: no memory. */
static struct karg_source *template_add(
	struct loader_search *q, const char *path, const char *variable, const char *next)
{
	struct karg_source *p = karg_source_add(q->to, shell_edit, 10, path);

	if (!p || strings_add(&q->to->next, next) < 0)
		return NULL;
	p->format = (struct format){
		.names = {variable}, .insert_at = variable, .bash = q->s->sh_is_bash};
	loader_found(q->to, &loader_extlinux);
	return p;
}

/* Without an assignment it takes its own default, which a new one would replace. */
static int update_extlinux_add(struct loader_search *q)
{
	struct karg_source *p = template_add(
		q, "etc/update-extlinux.conf", "default_kernel_opts", "update-extlinux");
	if (p)
		p->format.must_exist = true;
	return p ? 0 : -ENOMEM;
}

#define U_BOOT_UPDATE "usr/sbin/u-boot-update"
#define U_BOOT_CONF_D "etc/u-boot-menu/conf.d"

static const char u_boot_parameters[] = "U_BOOT_PARAMETERS";

/*
 * Where the variable is not set, or empty, u-boot-update takes /etc/kernel/cmdline if that is there
 * (from 4.2.0 on), root= as well: an assignment would switch both off.
 */
static bool u_boot_takes_cmdline(const struct root *r, const struct strings *vendor)
{
	_cleanup_(strings_done) struct strings files = {0};
	bool set = false;

	if (!root_is_file(r, "etc/kernel/cmdline") ||
		!root_holds(r, U_BOOT_UPDATE, "/etc/kernel/cmdline") ||
		strings_add(&files, "etc/default/u-boot") < 0 ||
		regular_files_add(r, U_BOOT_CONF_D, ".conf", &files) < 0)
		return false;
	for (size_t i = 0; i < files.n + vendor->n; i++) {
		const char *path = i < files.n ? files.v[i] : vendor->v[i - files.n];
		_cleanup_(str_free) char *value = detect_shell_value(r, path, u_boot_parameters);
		set |= value && value[0];
	}
	return !set;
}

/* Its default is in u-boot-update(8). Fragments are read behind /etc/default/u-boot, those of
 * packages first. */
static int u_boot_menu_add(struct loader_search *q, struct err *err)
{
	static const char *const variable = u_boot_parameters;
	_cleanup_(strings_done) struct strings vendor = {0};
	const struct root *r = q->s->root;
	bool have;

	if (regular_files_add(r, "usr/share/u-boot-menu/conf.d", ".conf", &vendor) < 0)
		return -ENOMEM;
	if (u_boot_takes_cmdline(r, &vendor)) {
		loader_found(q->to, &loader_extlinux);
		return kernel_cmdline_add(r, q->to, NULL, NULL, &have) < 0
			       ? -ENOMEM
			       : strings_add(&q->to->next, "u-boot-update");
	}
	struct karg_source *p = template_add(q, "etc/default/u-boot", variable, "u-boot-update");
	if (!p || regular_files_add(r, U_BOOT_CONF_D, ".conf", &p->paths) < 0)
		return -ENOMEM;
	if (root_is_dir(r, U_BOOT_CONF_D) || root_holds(r, U_BOOT_UPDATE, "/" U_BOOT_CONF_D))
		p->format.drop_in = U_BOOT_CONF_D "/zz-vfio-bootcfg.conf";
	p->format.fallback = "ro quiet";
	p->format.home_file = p->paths.n - 1;
	for (size_t i = 0; i < vendor.n; i++) {
		_cleanup_(str_free) char *value = detect_shell_value(r, vendor.v[i], variable);
		if (value && p->paths.n == 1)
			return err_set(err, EINVAL,
				"/%s: sets %s, which a package owns and which comes after /etc/default/u-boot; run `mkdir -p /etc/u-boot-menu/conf.d && echo '%s=\"%s\"' >/etc/u-boot-menu/conf.d/vfio.conf`, then this again",
				vendor.v[i], variable, variable, value);
	}
	return 0;
}

static bool has_u_boot_menu(const struct root *r)
{
	return root_is_file(r, "etc/default/u-boot") &&
	       (root_is_file(r, U_BOOT_UPDATE) || root_is_file(r, "boot/extlinux/extlinux.conf") ||
		       root_holds(r, "etc/default/u-boot", "U_BOOT_PARAMETERS="));
}

/* Alpine's update-extlinux, Debian's u-boot-menu, or a menu by hand. */
static int detect(struct loader_search *q, struct err *err)
{
	if (root_is_file(q->s->root, "etc/update-extlinux.conf"))
		return update_extlinux_add(q);
	if (has_u_boot_menu(q->s->root))
		return u_boot_menu_add(q, err);
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

/* The menu of a tool that makes it is no source. */
static bool makes(const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	(void)r;
	return e->reader == &loader_extlinux && !karg_source_known(l, e->path);
}

/* u-boot-update writes root= of a variable of its own before them. */
static void part(const struct boot_entry *e, struct format *f)
{
	(void)e;
	if (!f->insert_at || !str_equal(f->insert_at, u_boot_parameters))
		return;
	f->names[0] = "U_BOOT_ROOT";
	f->names[1] = u_boot_parameters;
}

const struct loader loader_extlinux = {
	.name = "extlinux",
	.called = (const char *const[]){"extlinux", "syslinux", NULL},
	.booted = booted,
	.detect = detect,
	.entries = entries,
	.makes = makes,
	.part = part,
};
