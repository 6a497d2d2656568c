/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/other_tools.h"

#include "base/str.h"
#include "core/kmod.h"

#include <string.h>

#define BLANKS " \t"

const char *const other_tools_settings[] = {"/etc/modprobe.d", "/run/modprobe.d",
	"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d", NULL};

const char *const other_tools_scripts[] = {"/usr/local/bin/vfio-pci-override.sh",
	"/usr/bin/vfio-pci-override.sh", "/sbin/vfio-pci-override.sh",
	"/usr/sbin/vfio-pci-override", "/etc/initcpio/hooks/vfio", "/etc/initcpio/install/vfio",
	"/etc/initramfs-tools/scripts/init-top/vfio.sh",
	"/etc/initramfs-tools/scripts/init-top/bind_vfio.sh", NULL};

const char *other_tools_module(char **line)
{
	const char *command = strtok_r(*line, BLANKS, line), *module = strtok_r(NULL, BLANKS, line);

	if (!command || !module || !str_equal(command, "options") || !module_takes_ids(module))
		return NULL;
	return module;
}
