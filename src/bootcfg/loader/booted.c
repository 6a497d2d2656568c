/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/booted.h"

#include "base/efivar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* systemd's vendor GUID (systemd.io/BOOT_LOADER_INTERFACE). */
#define LOADER_GUID "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define LOADER_INFO "sys/firmware/efi/efivars/LoaderInfo" LOADER_GUID
#define LOADER_PART "sys/firmware/efi/efivars/LoaderDevicePartUUID" LOADER_GUID
#define LOADER_ENTRY "sys/firmware/efi/efivars/LoaderEntrySelected" LOADER_GUID

void booted_done(struct booted *r)
{
	free(r->cmdline);
	free(r->entry);
	free(r->partition);
	*r = (struct booted){0};
}

/* Its data is UTF-16: the expected names are ASCII. */
static char *variable_read(const struct root *r, const char *path)
{
	uint8_t data[EFIVAR_DATA_MAX];
	struct text name = {0};
	ssize_t len = efivar_read(r->fd, path, NULL, data, sizeof(data), NULL);

	for (ssize_t i = 0; i + 1 < len && data[i]; i += 2)
		text_add(&name, (const char *)&data[i], 1);
	return name.data;
}

static const char *loader_by_name(const char *info)
{
	static const char *const names[][2] = {{"systemd-boot", "systemd-boot"}, {"GRUB", "grub"},
		{"Limine", "limine"}, {"limine", "limine"}, {"rEFInd", "refind"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && info; i++)
		if (str_starts(info, names[i][0]))
			return names[i][1];
	return NULL;
}

char *booted_partition(const struct root *r)
{
	return r->host ? variable_read(r, LOADER_PART) : NULL;
}

int booted_read(const struct root *r, struct booted *ret)
{
	size_t len = 0;

	*ret = (struct booted){0};
	if (!r->host)
		return 0;
	if (root_read(r, "proc/cmdline", &ret->cmdline, &len, NULL) < 0)
		return 0;
	_cleanup_(strings_done) struct strings groups = {0};
	if (root_list(r, "sys/kernel/iommu_groups", "", &groups) == 0)
		ret->groups = groups.n;
	while (len > 0 && ret->cmdline[len - 1] == '\n')
		ret->cmdline[--len] = '\0';
	_cleanup_(str_free) char *info = variable_read(r, LOADER_INFO);
	ret->entry = variable_read(r, LOADER_ENTRY);
	ret->partition = variable_read(r, LOADER_PART);
	ret->loader = loader_by_name(info);
	/* GRUB adds BOOT_IMAGE= first, with a path of its own style; syslinux adds it, too, but
	 * without a device and with an initrd= after it. */
	if (!ret->loader && str_starts(ret->cmdline, "BOOT_IMAGE="))
		ret->loader = strstr(ret->cmdline, " initrd=") ? "extlinux" : "grub";
	else if (!ret->loader && strstr(ret->cmdline, "initrd=\\"))
		ret->loader = "systemd-boot";
	return 0;
}

const char *booted_other(const struct booted *r, const struct strings *found)
{
	/* Tools that write the entries of systemd-boot or GRUB, by the name they are found as. */
	static const char *const by_tools[][2] = {{"kernelstub", "systemd-boot"},
		{"sdboot-manage", "systemd-boot"}, {"sdbootutil", "systemd-boot"},
		{"sdbootutil", "grub"}, {"proxmox-boot-tool", "systemd-boot"},
		{"proxmox-boot-tool", "grub"}, {"uki", "systemd-boot"}, {"uki", "limine"},
		{"uki", "refind"}, {"uki", "grub"}, {"kernel-install", "systemd-boot"},
		{"kernel-install", "grub"}};

	for (size_t i = 0; i < found->n && r->loader; i++) {
		if (str_starts(found->v[i], r->loader))
			return NULL;
		for (size_t t = 0; t < sizeof(by_tools) / sizeof(*by_tools); t++)
			if (str_equal(found->v[i], by_tools[t][0]) &&
				str_equal(r->loader, by_tools[t][1]))
				return NULL;
	}
	return found->n > 0 ? r->loader : NULL;
}
