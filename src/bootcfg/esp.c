/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/esp.h"

#include "bootcfg/running.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>

/* Partition types of the Discoverable Partitions Specification, and those of an MBR. */
static bool is_boot_type(blkid_partition part)
{
	const char *type = blkid_partition_get_type_string(part);
	int number = blkid_partition_get_type(part);

	if (type)
		return strcasecmp(type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b") == 0 ||
		       strcasecmp(type, "bc13c2ff-59e6-4262-a352-b275fd6f7172") == 0;
	return number == 0xef || number == 0xea;
}

/* The disk that holds / (a file system of several, or none that is a disk's, gives none). */
static blkid_probe disk_probe(char *name, size_t size)
{
	struct stat st;
	char disk[64];
	dev_t whole;

	if (stat("/", &st) < 0 || major(st.st_dev) == 0 ||
		blkid_devno_to_wholedisk(st.st_dev, disk, sizeof(disk), &whole) < 0)
		return NULL;
	(void)snprintf(name, size, "/dev/%s", disk);
	blkid_probe probe = blkid_new_probe_from_filename(name);
	if (probe && blkid_probe_enable_partitions(probe, 1) == 0)
		return probe;
	blkid_free_probe(probe);
	return NULL;
}

/* Every mount of a partition of this disk that is one of ours: its place, and the partition's
 * number in seen[]. mountinfo: proc(5). */
static int mounts_add(
	const struct root *r, blkid_partlist parts, struct esps *to, bool *seen, int max)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	if (root_read(r, "proc/self/mountinfo", &text, &len, NULL) < 0)
		return 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		unsigned major_number, minor_number;
		char where[1024];
		if (sscanf(line, "%*d %*d %u:%u %*s %1023s", &major_number, &minor_number, where) !=
			3)
			continue;
		blkid_partition part = blkid_partlist_devno_to_partition(
			parts, makedev(major_number, minor_number));
		if (!part || !is_boot_type(part) || where[1] == '\0')
			continue;
		int number = blkid_partition_get_partno(part);
		if (number >= 0 && number < max)
			seen[number] = true;
		if (!strings_have(&to->mounted, where + 1) &&
			strings_add(&to->mounted, where + 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* /dev/sda1, /dev/nvme0n1p1. */
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
	blkid_probe probe = r->host ? disk_probe(disk, sizeof(disk)) : NULL;
	blkid_partlist parts = probe ? blkid_probe_get_partitions(probe) : NULL;
	_cleanup_(str_free) char *booted = parts ? running_partition(r) : NULL;
	int rc = parts ? mounts_add(r, parts, ret, seen, 256) : 0;

	for (int i = 0; parts && rc == 0 && i < blkid_partlist_numof_partitions(parts); i++) {
		blkid_partition part = blkid_partlist_get_partition(parts, i);
		const char *uuid = blkid_partition_get_uuid(part);
		int number = blkid_partition_get_partno(part);
		if (!is_boot_type(part) || number < 0 || number >= 256 || seen[number])
			continue;
		/* The one the loader came from leaves no question which of several it is. */
		bool its = booted && uuid && strcasecmp(uuid, booted) == 0;
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
