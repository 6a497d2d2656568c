/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/booted.h"

#include "bootcfg/loader/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* systemd's vendor GUID (systemd.io/BOOT_LOADER_INTERFACE). */
#define LOADER_GUID "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define VARIABLES "sys/firmware/efi/efivars"
#define ATTRIBUTES 4 /* bytes before the data (Documentation/filesystems/efivarfs.rst) */

void booted_done(struct booted *r)
{
	free(r->cmdline);
	free(r->entry);
	free(r->partition);
	free(r->info);
	free(r->image);
	*r = (struct booted){0};
}

bool booted_has_variables(const struct root *r)
{
	return root_is_dir(r, VARIABLES);
}

/* Its data is UTF-16: the expected names are ASCII. */
char *booted_variable(const struct root *r, const char *name)
{
	_cleanup_(str_free) char *data = NULL;
	struct text value = {0};
	char path[128];
	size_t len;

	(void)snprintf(path, sizeof(path), VARIABLES "/%s-" LOADER_GUID, name);
	if (root_read(r, path, &data, &len, NULL) < 0)
		return NULL;
	for (size_t i = ATTRIBUTES; i + 1 < len && data[i]; i += 2)
		text_add(&value, &data[i], 1);
	return value.data;
}

bool booted_features(const struct root *r, uint32_t *ret)
{
	_cleanup_(str_free) char *data = NULL;
	uint8_t bits[4];
	size_t len;

	if (root_read(r, VARIABLES "/LoaderFeatures-" LOADER_GUID, &data, &len, NULL) < 0 ||
		len != ATTRIBUTES + 8)
		return false;
	memcpy(bits, data + ATTRIBUTES, sizeof(bits));
	*ret = bits[0] | (uint32_t)bits[1] << 8 | (uint32_t)bits[2] << 16 | (uint32_t)bits[3] << 24;
	return true;
}

static const struct loader *loader_by_info(const char *info)
{
	for (const struct loader *const *l = loader_table; *l && info; l++)
		for (const char *const *i = (*l)->loader_info; i && *i; i++)
			if (str_starts(info, *i))
				return *l;
	return NULL;
}

static const struct loader *loader_by_marks(const char *cmdline)
{
	for (const struct loader *const *l = loader_table; *l; l++)
		if ((*l)->booted && (*l)->booted(cmdline))
			return *l;
	return NULL;
}

char *booted_partition(const struct root *r)
{
	return r->host ? booted_variable(r, "LoaderDevicePartUUID") : NULL;
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
	ret->info = booted_variable(r, "LoaderInfo");
	ret->image = booted_variable(r, "LoaderImageIdentifier");
	ret->entry = booted_variable(r, "LoaderEntrySelected");
	ret->partition = booted_variable(r, "LoaderDevicePartUUID");
	ret->loader = loader_by_info(ret->info);
	if (!ret->loader)
		ret->loader = loader_by_marks(ret->cmdline);
	return 0;
}

bool booted_is_read_by(const struct loader *l, const struct loader *reader)
{
	for (const struct loader *const *r = l->read_by; r && *r; r++)
		if (*r == reader)
			return true;
	return l == reader;
}

const struct loader *booted_other(const struct booted *r, const struct loaders *l)
{
	for (size_t i = 0; i < l->found_n && r->loader; i++)
		if (booted_is_read_by(l->found[i], r->loader))
			return NULL;
	return l->found_n > 0 ? r->loader : NULL;
}
