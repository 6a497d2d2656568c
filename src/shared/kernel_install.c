/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared/kernel_install.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

char *kernel_install_setting(const struct root *r, setting_reader *read, const char *key)
{
	static const char *const files[] = {"etc/kernel/install.conf", "run/kernel/install.conf",
		"usr/local/lib/kernel/install.conf", "usr/lib/kernel/install.conf", NULL};
	static const char *const dirs[] = {
		"usr/lib/kernel/install.conf.d", "etc/kernel/install.conf.d", NULL};
	char *value = NULL;

	for (const char *const *f = files; *f; f++) {
		if (!root_is_file(r, *f))
			continue;
		value = read(r, *f, key);
		break;
	}
	for (const char *const *d = dirs; *d; d++) {
		_cleanup_(strings_done) struct strings drops = {0};
		(void)!root_list(r, *d, ".conf", &drops);
		for (size_t i = 0; i < drops.n; i++) {
			char path[512];
			(void)snprintf(path, sizeof(path), "%s/%s", *d, drops.v[i]);
			char *one = root_is_file(r, path) ? read(r, path, key) : NULL;
			if (!one)
				continue;
			free(value);
			value = one;
		}
	}
	return value;
}

/*
 * add-all finds kernels at /usr/lib/modules/VERSION/vmlinuz (kernel-install(8)). Debian's kernels
 * are in /boot, where add-all finds none and succeeds: they are named one by one, as Debian's own
 * hook does.
 */
int kernel_install_commands(const struct root *r, struct strings *to)
{
	_cleanup_(strings_done) struct strings versions = {0}, named = {0};
	bool usual = false;
	int rc = root_list(r, "usr/lib/modules", "", &versions);

	for (size_t i = 0; i < versions.n && rc == 0; i++) {
		struct text command = {0};
		char path[512];
		(void)snprintf(path, sizeof(path), "usr/lib/modules/%s/vmlinuz", versions.v[i]);
		bool found = root_is_file(r, path);
		usual |= found;
		(void)snprintf(path, sizeof(path), "boot/vmlinuz-%s", versions.v[i]);
		if (found || !root_is_file(r, path))
			continue;
		text_print(&command, "kernel-install add %s /%s", versions.v[i], path);
		rc = strings_take(&named, command.data);
	}
	if (rc == 0 && (usual || named.n == 0))
		rc = strings_add(to, "kernel-install add-all");
	for (size_t i = 0; i < named.n && rc == 0; i++)
		rc = strings_add(to, named.v[i]);
	return rc;
}
