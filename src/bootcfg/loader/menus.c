/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/menus.h"

#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_requested(const struct loaders_options *o, const char *name)
{
	return !o->loader || str_equal(o->loader, name);
}

static int menu_add(struct loaders *to, format_edit *edit, const char *path)
{
	return karg_source_add(to, edit, 30, path) ? 0 : -ENOMEM;
}

/* Finds the first of the names that is a file below a boot directory; path is its path. */
static bool below_boots(const struct detect *s, const char *const *tails, char *path, size_t size)
{
	for (const char *const *t = tails; *t; t++) {
		for (size_t i = 0; i < s->boots.n; i++) {
			(void)snprintf(path, size, "%s/%s", s->boots.v[i], *t);
			if (root_is_file(s->root, path))
				return true;
		}
	}
	return false;
}

/*
 * A checksum of the configuration may be enrolled in Limine's EFI program, which then refuses to
 * boot with another one. A mark precedes it (limine: common/lib/config.c, "config_b2sum").
 */
static bool checksum_enrolled(const struct detect *s)
{
	static const char *const dirs[] = {"EFI/BOOT", "EFI/limine", "EFI/Limine", "limine", NULL};
	static const char mark[] = "++CONFIG_B2SUM_SIGNATURE++";

	for (size_t i = 0; i < s->boots.n; i++) {
		for (const char *const *d = dirs; *d; d++) {
			_cleanup_(strings_done) struct strings names = {0};
			char path[2048];
			(void)snprintf(path, sizeof(path), "%s/%s", s->boots.v[i], *d);
			(void)!root_list(s->root, path, "", &names);
			for (size_t n = 0; n < names.n; n++) {
				_cleanup_(str_free) char *data = NULL;
				size_t len, tail = strlen(names.v[n]);
				if (tail < 4 || strcasecmp(names.v[n] + tail - 4, ".efi") != 0)
					continue;
				(void)snprintf(path, sizeof(path), "%s/%s/%s", s->boots.v[i], *d,
					names.v[n]);
				if (root_read(s->root, path, &data, &len, NULL) < 0)
					continue;
				const char *at = memmem(data, len, mark, sizeof(mark) - 1);
				at = at ? at + sizeof(mark) - 1 : NULL;
				if (at && data + len - at >= 128 &&
					strspn(at, "0123456789abcdef") >= 128 &&
					strspn(at, "0") < 128)
					return true;
			}
		}
	}
	return false;
}

static int limine_look(const struct detect *s, struct loaders *to, struct err *err)
{
	static const char *const tails[] = {"limine.conf", "limine/limine.conf",
		"EFI/limine/limine.conf", "EFI/BOOT/limine.conf", "EFI/Limine/limine.conf",
		"limine.cfg", "limine/limine.cfg", "EFI/BOOT/limine.cfg", NULL};
	char path[1024];

	if (!below_boots(s, tails, path, sizeof(path)))
		return 0;
	if (checksum_enrolled(s)) {
		(void)err_set(err, EPERM,
			"/%s: its checksum is enrolled in Limine's EFI program, which would refuse to boot after an edit; edit it, then run `limine enroll-config`",
			path);
		return LOADERS_OWNED;
	}
	loader_found(to, &loader_limine);
	return menu_add(to, limine_edit, path);
}

static int refind_look(const struct detect *s, struct loaders *to)
{
	static const char *const lists[] = {"refind_linux.conf", NULL};
	static const char *const confs[] = {"EFI/refind/refind.conf", "EFI/BOOT/refind.conf", NULL};
	char list[1024], conf[1024];
	bool has_list = below_boots(s, lists, list, sizeof(list));
	bool has_conf = below_boots(s, confs, conf, sizeof(conf)) &&
			(root_holds(s->root, conf, "\nmenuentry") ||
				root_holds(s->root, conf, "\n\tmenuentry"));

	if (!has_list && !has_conf)
		return 0;
	int rc = 0;
	loader_found(to, &loader_refind);
	if (has_list)
		rc = menu_add(to, refind_linux_edit, list);
	if (rc == 0 && has_conf)
		rc = menu_add(to, refind_conf_edit, conf);
	return rc;
}

static int shell_source_add(const struct detect *s, struct loaders *to, const char *path,
	const char *variable, const char *next)
{
	struct karg_source *p = karg_source_add(to, shell_edit, 10, path);

	loader_found(to, &loader_extlinux);
	if (!p || strings_add(&to->next, next) < 0)
		return -ENOMEM;
	/* Without an assignment the tool has its own default ("ro quiet"), which a new one would
	 * replace. */
	p->format = (struct format){.names = {variable},
		.insert_at = variable,
		.bash = s->sh_is_bash,
		.must_exist = true};
	return 0;
}

static int extlinux_look(const struct detect *s, struct loaders *to)
{
	static const char *const tails[] = {"extlinux/extlinux.conf", "extlinux.conf",
		"syslinux/syslinux.cfg", "syslinux/extlinux.conf", "EFI/syslinux/syslinux.cfg",
		"syslinux.cfg", NULL};
	char path[1024];

	if (root_is_file(s->root, "etc/update-extlinux.conf"))
		return shell_source_add(s, to, "etc/update-extlinux.conf", "default_kernel_opts",
			"update-extlinux");
	if (root_is_file(s->root, "etc/default/u-boot") &&
		(root_is_file(s->root, "usr/sbin/u-boot-update") ||
			root_is_file(s->root, "boot/extlinux/extlinux.conf") ||
			root_holds(s->root, "etc/default/u-boot", "U_BOOT_PARAMETERS=")))
		return shell_source_add(
			s, to, "etc/default/u-boot", "U_BOOT_PARAMETERS", "u-boot-update");
	if (!below_boots(s, tails, path, sizeof(path)))
		return 0;
	loader_found(to, &loader_extlinux);
	return menu_add(to, extlinux_edit, path);
}

int menus_find(const struct detect *s, const struct loaders_options *o, struct loaders *to,
	struct err *err)
{
	int rc = is_requested(o, "limine") ? limine_look(s, to, err) : 0;

	if (rc == LOADERS_OWNED)
		return rc;
	if (rc == 0 && is_requested(o, "refind"))
		rc = refind_look(s, to);
	if (rc == 0 && (is_requested(o, "extlinux") || is_requested(o, "syslinux")))
		rc = extlinux_look(s, to);
	return rc < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}
