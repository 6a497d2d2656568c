/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/esp.h"

#include "base/file.h"
#include "bootcfg/loader/booted.h"
#include "shared/mounts.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>

/* Partition types of the Discoverable Partitions Specification, and those of an MBR. */
static bool is_type(blkid_partition part, const char *uuid, int mbr)
{
	const char *type = blkid_partition_get_type_string(part);

	return type ? strcasecmp(type, uuid) == 0 : blkid_partition_get_type(part) == mbr;
}

static bool is_esp(blkid_partition part)
{
	return is_type(part, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 0xef);
}

static bool is_extended_boot(blkid_partition part)
{
	return is_type(part, "bc13c2ff-59e6-4262-a352-b275fd6f7172", 0xea);
}

static bool is_boot_type(blkid_partition part)
{
	return is_esp(part) || is_extended_boot(part);
}

static bool has_uuid(blkid_partition part, const char *uuid)
{
	const char *own = blkid_partition_get_uuid(part);
	return own && strcasecmp(own, uuid) == 0;
}

/* The disk of a device. NULL for a file system on several disks, or on none: its number is not that
 * of a device. */
static blkid_probe disk_probe(dev_t dev, char *name, size_t size)
{
	char disk[64];
	dev_t whole;

	if (major(dev) == 0 || blkid_devno_to_wholedisk(dev, disk, sizeof(disk), &whole) < 0)
		return NULL;
	(void)snprintf(name, size, "/dev/%s", disk);
	blkid_probe probe = blkid_new_probe_from_filename(name);
	if (probe && blkid_probe_enable_partitions(probe, 1) == 0)
		return probe;
	blkid_free_probe(probe);
	return NULL;
}

/* The partition of a file or directory, and the other ones of its disk; NULL: not known. Both are
 * valid until the probe is freed. */
static blkid_partition partition_of(
	const struct root *r, const char *path, blkid_probe *probe, blkid_partlist *ret_parts)
{
	_cleanup_(fd_close) int fd = root_fd(r, path, O_PATH);
	struct stat st;
	char disk[80];

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	*probe = disk_probe(st.st_dev, disk, sizeof(disk));
	*ret_parts = *probe ? blkid_probe_get_partitions(*probe) : NULL;
	return *ret_parts ? blkid_partlist_devno_to_partition(*ret_parts, st.st_dev) : NULL;
}

const char *esp_mounted(const struct root *r, const char *uuid, const struct strings *boots)
{
	for (size_t i = 0; uuid && i < boots->n; i++) {
		blkid_probe probe = NULL;
		blkid_partlist parts = NULL;
		blkid_partition part = partition_of(r, boots->v[i], &probe, &parts);
		bool found = part && has_uuid(part, uuid);
		blkid_free_probe(probe);
		if (found)
			return boots->v[i];
	}
	return NULL;
}

bool esp_is_other(const struct root *r, const char *uuid, const char *path)
{
	blkid_probe probe = NULL;
	blkid_partlist parts = NULL;
	blkid_partition part = uuid ? partition_of(r, path, &probe, &parts) : NULL;
	bool other = part && is_esp(part) && !has_uuid(part, uuid);

	if (part && is_extended_boot(part)) {
		other = true;
		for (int i = 0; i < blkid_partlist_numof_partitions(parts); i++)
			other &= !has_uuid(blkid_partlist_get_partition(parts, i), uuid);
	}
	blkid_free_probe(probe);
	return other;
}

/* Adds the mount points of boot partitions on this disk; marks the number of each in seen[]. */
static int mounts_take(
	const struct root *r, blkid_partlist parts, struct esps *to, bool *seen, int max)
{
	_cleanup_(mount_table_done) struct mount_table mounts = {0};
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, "proc/self/mountinfo", &text, &len, NULL) < 0)
		return 0;
	int rc = mount_table_parse(&mounts, text);
	for (size_t i = 0; i < mounts.n && rc == 0; i++) {
		const struct mount_row *m = &mounts.at[i];
		blkid_partition part = blkid_partlist_devno_to_partition(
			parts, makedev(m->major, m->minor));
		if (!part || !is_boot_type(part) || m->point[0] != '/' || m->point[1] == '\0')
			continue;
		int number = blkid_partition_get_partno(part);
		if (number >= 0 && number < max)
			seen[number] = true;
		if (!strings_have(&to->mounted, m->point + 1))
			rc = strings_add(&to->mounted, m->point + 1);
	}
	return rc;
}

/* The partition's device: /dev/sda1, /dev/nvme0n1p1. */
static int esp_add(struct esps *to, const char *disk, int number)
{
	struct text name = {0};
	bool digit = disk[0] && strchr("0123456789", disk[strlen(disk) - 1]);

	text_print(&name, "%s%s%d", disk, digit ? "p" : "", number);
	return strings_take(&to->devices, name.data);
}

void esps_done(struct esps *e)
{
	strings_done(&e->mounted);
	strings_done(&e->devices);
}

int esp_find(const struct root *r, struct esps *ret)
{
	char disk[80];
	bool seen[256] = {false};
	struct stat st;
	blkid_probe probe = r->host && stat("/", &st) == 0
				    ? disk_probe(st.st_dev, disk, sizeof(disk))
				    : NULL;
	blkid_partlist parts = probe ? blkid_probe_get_partitions(probe) : NULL;
	_cleanup_(str_free) char *booted = parts ? booted_partition(r) : NULL;
	int rc = parts ? mounts_take(r, parts, ret, seen, 256) : 0;

	for (int i = 0; parts && rc == 0 && i < blkid_partlist_numof_partitions(parts); i++) {
		blkid_partition part = blkid_partlist_get_partition(parts, i);
		int number = blkid_partition_get_partno(part);
		if (!is_boot_type(part) || number < 0 || number >= 256 || seen[number])
			continue;
		/* The partition of the boot loader is the one in use: the others are left out. */
		bool its = booted && has_uuid(part, booted);
		if (its)
			strings_done(&ret->devices);
		rc = esp_add(ret, disk, number);
		ret->booted |= its;
		if (its)
			break;
	}
	blkid_free_probe(probe);
	return rc;
}
