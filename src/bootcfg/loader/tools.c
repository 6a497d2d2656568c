/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/tools.h"

#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int tool_add(
	struct loaders *to, const struct loader *l, const char *next, const struct karg_source *p)
{
	loader_found(to, l);
	return p ? strings_add(&to->next, next) : -ENOMEM;
}

static int sdboot_manage_add(const struct detect *s, struct loaders *to)
{
	struct karg_source *p = karg_source_add(to, shell_edit, 10, "etc/sdboot-manage.conf");
	int rc = tool_add(to, &loader_sdboot_manage, "sdboot-manage gen", p);

	if (rc < 0)
		return rc;
	p->format = (struct format){
		.names = {"LINUX_OPTIONS"}, .insert_at = "LINUX_OPTIONS", .bash = true};
	return regular_files_add(s->root, "etc/sdboot-manage.conf.d", ".conf", &p->paths);
}

static int limine_tool_add(const struct detect *s, struct loaders *to, struct err *err)
{
	struct karg_source *p = karg_source_add(to, shell_edit, 10, NULL);
	bool own = root_is_file(s->root, "etc/default/limine");
	int rc = tool_add(to, &loader_limine_tool, "limine-update", p);

	if (rc < 0)
		return err_set(err, ENOMEM, "out of memory");
	p->format = (struct format){.names = {"KERNEL_CMDLINE[default]"},
		.insert_at = "KERNEL_CMDLINE[default]",
		.bash = true,
		.create_append = true};
	if (root_is_file(s->root, "etc/limine-entry-tool.conf"))
		rc = strings_add(&p->paths, "etc/limine-entry-tool.conf");
	if (rc == 0)
		rc = regular_files_add(s->root, "etc/limine-entry-tool.d", ".conf", &p->paths);
	if (rc == 0 && own)
		rc = strings_add(&p->paths, "etc/default/limine");
	if (rc == 0 && p->paths.n == 0)
		return err_set(err, ENOENT,
			"/etc/limine-entry-tool.d: has no file, and limine-entry-tool makes the boot menu; write the whole command line to /etc/default/limine first (with root=)");
	p->format.home_file = p->paths.n - 1;
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* The ESPs are not mounted; only the tool knows which of them have systemd-boot or GRUB, so both
 * sources are kept the same. */
static int proxmox_add(const struct detect *s, struct loaders *to, struct err *err)
{
	bool plain = root_is_file(s->root, "etc/kernel/cmdline");
	struct karg_source *p = plain ? karg_source_add(to, plain_edit, 20, "etc/kernel/cmdline")
				      : NULL;
	int rc = 0;

	if (!plain && !s->grub_defaults)
		return err_set(err, ENOENT,
			"proxmox-boot-tool is in use, but neither /etc/kernel/cmdline nor /etc/default/grub is there");
	if (plain) {
		rc = tool_add(to, &loader_proxmox, "proxmox-boot-tool refresh", p);
		if (rc == 0)
			p->format.first_line = true;
	} else {
		loader_found(to, &loader_proxmox);
		rc = strings_add(&to->next, "proxmox-boot-tool refresh");
	}
	if (rc == 0 && s->grub_defaults) {
		struct karg_source *g = grub_defaults_add(to, "GRUB_CMDLINE_LINUX_DEFAULT");
		rc = g ? grub_dropins_add(s->root, g) : -ENOMEM;
	}
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* openSUSE: with systemd-boot or grub2-bls sdbootutil writes the entries from /etc/kernel/cmdline;
 * with LOADER_TYPE grub2 or grub2-efi the program is installed but not used. */
static bool sdbootutil_rules(const struct detect *s)
{
	if (s->loader_type && s->loader_type[0])
		return str_equal(s->loader_type, "systemd-boot") ||
		       str_equal(s->loader_type, "grub2-bls");
	return root_is_file(s->root, "usr/bin/sdbootutil") && !(s->grub_cfg && s->grub_menu);
}

static int sdbootutil_add(const struct detect *s, struct loaders *to, struct err *err)
{
	bool have = false;

	loader_found(to, &loader_sdbootutil);
	if (kernel_cmdline_add(s->root, to, "etc/kernel/cmdline.d", "", &have) < 0 ||
		strings_add(&to->next, "sdbootutil update-all-entries") < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!have)
		return err_set(err, ENOENT,
			"/etc/kernel/cmdline: is not there, and sdbootutil makes the boot entries from it; write the whole command line there first (with root=)");
	return 0;
}

static bool is_requested(const struct loaders_options *o, const char *name)
{
	return !o->loader || str_equal(o->loader, name);
}

int tools_find(const struct detect *s, const struct loaders_options *o, struct loaders *to,
	bool *ret_done, struct err *err)
{
	const struct root *r = s->root;
	int rc = 0;

	*ret_done = true;
	if (root_is_file(r, "etc/sdboot-manage.conf") && is_requested(o, "sdboot-manage"))
		rc = sdboot_manage_add(s, to);
	else if (root_is_file(r, "etc/kernel/proxmox-boot-uuids") && is_requested(o, "proxmox"))
		return proxmox_add(s, to, err);
	else if (sdbootutil_rules(s) && is_requested(o, "sdbootutil"))
		return sdbootutil_add(s, to, err);
	else if ((root_is_file(r, "etc/default/limine") ||
			 root_is_file(r, "etc/limine-entry-tool.conf") ||
			 root_is_dir(r, "etc/limine-entry-tool.d")) &&
		 is_requested(o, "limine"))
		return limine_tool_add(s, to, err);
	else
		*ret_done = false;
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}
