/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/disks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK "class/block/"

/* class/block/NAME/BELOW */
static const char *block_path(const char *name, const char *below, char buf[static DEVPATH_MAX])
{
	(void)snprintf(buf, DEVPATH_MAX, BLOCK "%s%s%s", name, *below ? "/" : "", below);
	return buf;
}

struct below {
	struct finder *f;
	const char *directory; /* below /sys */
	const char *prefix;    /* of the names that count */
	unsigned n;
};

static int need_each(const char *name, void *to)
{
	struct below *b = to;

	b->n++;
	finder_need(b->f, NEED_DISK, name);
	return 0;
}

/* What dm, md, bcache and drbd are made of (bd_link_disk_holder in block/holder.c). */
static unsigned need_slaves(struct finder *f, const char *name)
{
	char path[DEVPATH_MAX];
	struct below b = {.f = f};

	finder_each(f, block_path(name, "slaves", path), need_each, &b);
	return b.n;
}

/* The controllers of an NVMe subsystem, which is where a disk hangs that has several ways to it
 * (nvme_mpath_alloc_disk in drivers/nvme/host/multipath.c). */
static int keep_controller(const char *name, void *to)
{
	struct below *b = to;
	char path[DEVPATH_MAX], device[DEVPATH_MAX], why[KEEP_WHY_MAX];

	if (!str_starts(name, b->prefix))
		return 0;
	(void)snprintf(path, sizeof(path), "%.700s/%.255s", b->directory, name);
	if (devpath_of(b->f->sysfs, path, device) < 0)
		return 0;
	b->n++;
	(void)snprintf(why, sizeof(why), "%.80s is on it (/dev/%.40s)", b->f->what, name);
	if (strstr(device, "/nvme-fabrics/"))
		finder_need_network(b->f, b->f->what, "");
	else
		(void)finder_keep(b->f, KEEP_STORAGE, device, why);
	return 0;
}

static unsigned need_controllers(struct finder *f, const char *device)
{
	static const char subsystems[] = "/nvme-subsystem/";
	const char *at = strstr(device, subsystems);
	char directory[DEVPATH_MAX];
	struct below b = {.f = f, .directory = directory, .prefix = "nvme"};

	if (!at)
		return 0;
	size_t len = (size_t)(at - device) + strlen(subsystems);
	len += strcspn(device + len, "/");
	(void)snprintf(directory, sizeof(directory), "%.*s", (int)len, device);
	finder_each(f, directory, keep_controller, &b);
	return b.n;
}

/* btrfs mounts any one of its devices and lists them all. */
static int need_filesystem(const char *uuid, void *to)
{
	const struct below *b = to;
	char path[DEVPATH_MAX], device[DEVPATH_MAX];
	struct below siblings = {.f = b->f};

	(void)snprintf(path, sizeof(path), "fs/btrfs/%.64s/devices/%.255s", uuid, b->prefix);
	if (devpath_of(b->f->sysfs, path, device) < 0)
		return 0;
	*strrchr(path, '/') = '\0';
	finder_each(b->f, path, need_each, &siblings);
	return 1;
}

static void need_siblings(struct finder *f, const char *name)
{
	struct below b = {.f = f, .prefix = name};

	finder_each(f, "fs/btrfs", need_filesystem, &b);
}

static bool need_backing_file(struct finder *f, const char *name)
{
	char file[DEVPATH_MAX];

	if (sysfs_path_read(f->sysfs, file, sizeof(file), BLOCK "%s/loop/backing_file", name) <= 0)
		return false;
	finder_need(f, NEED_PATH, file);
	return true;
}

static bool is_over_network(const char *name, const char *device)
{
	return str_starts(name, "nbd") || str_starts(name, "rbd") || str_starts(name, "drbd") ||
	       strstr(device, "/nvme-fabrics/") || strstr(device, "/session");
}

static bool is_memory(const char *name)
{
	return str_starts(name, "zram") || str_starts(name, "ram") || str_starts(name, "pmem");
}

static void look_for_passphrase(struct finder *f, const char *name)
{
	char uuid[64];

	/* "CRYPT-LUKS2-…" (libcryptsetup, dm_prepare_uuid). */
	if (sysfs_path_read(f->sysfs, uuid, sizeof(uuid), BLOCK "%s/dm/uuid", name) < 0)
		return;
	if (str_starts(uuid, "CRYPT-") && !f->for_swap)
		f->needs_passphrase = true;
}

/* The disk that a partition is of: the directory above it. */
static void whole_disk(
	struct finder *f, const char *name, const char *device, char buf[static DISK_NAME_SIZE])
{
	char number[16];

	(void)str_copy(buf, DISK_NAME_SIZE, name);
	if (sysfs_path_read(f->sysfs, number, sizeof(number), BLOCK "%s/partition", name) < 0)
		return;
	const char *last = strrchr(device, '/'), *from = last;
	while (from > device && from[-1] != '/')
		from--;
	(void)snprintf(buf, DISK_NAME_SIZE, "%.*s", (int)(last - from), from);
}

static void look(struct finder *f, enum need_kind kind, const char *name, const char *device)
{
	char whole[DISK_NAME_SIZE], why[KEEP_WHY_MAX];

	(void)snprintf(why, sizeof(why), "%.80s is on it (/dev/%.40s)", f->what, name);
	unsigned found = finder_keep(f, KEEP_STORAGE, device, why);
	if (kind == NEED_DISK)
		need_siblings(f, name);
	whole_disk(f, name, device, whole);
	look_for_passphrase(f, whole);
	if (found == 0 && is_over_network(whole, device)) {
		finder_need_network(f, f->what, "");
		found++;
	}
	found += need_slaves(f, whole);
	found += need_controllers(f, device);
	if (str_starts(whole, "zd")) { /* a volume of ZFS, of one pool or other */
		finder_need(f, NEED_POOL, "");
		return;
	}
	found += need_backing_file(f, whole);
	/* What is on another bus than PCI has its parent there, and nobody can take it. */
	if (found == 0 && str_starts(device, "devices/virtual/") && !is_memory(whole))
		keep_unknown(f->keep, "%s is on /dev/%s, which does not say where it lies", f->what,
			name);
}

void disk_look(struct finder *f, enum need_kind kind, const char *name)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	if (devpath_of(f->sysfs, block_path(name, "", path), device) < 0)
		keep_unknown(f->keep, "%s is on /dev/%s, which is not in sysfs", f->what, name);
	else
		look(f, kind, name, device);
}

bool disk_need_number(struct finder *f, unsigned major, unsigned minor)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "dev/block/%u:%u", major, minor);
	if (devpath_of(f->sysfs, path, device) < 0)
		return false;
	finder_need(f, NEED_DISK, strrchr(device, '/') + 1);
	return true;
}

static bool need_spec(struct finder *f, enum need_kind kind, const char *spec)
{
	char name[DISK_NAME_SIZE];

	if (!spec_disk(f->root, f->sysfs, spec, name))
		return false;
	finder_need(f, kind, name);
	return true;
}

bool disk_need_spec(struct finder *f, const char *spec)
{
	return need_spec(f, NEED_DISK, spec);
}

#define SEPARATORS "=:,"

/* What may be named in place of a disk, and is none. */
static bool is_no_disk(const char *path)
{
	static const char *const nodes[] = {"/dev/urandom", "/dev/random", "/dev/null", "/dev/zero",
		"/dev/tty", "/dev/console", "/dev/tpm", "/dev/hidraw", "/dev/fuse", "/dev/nfs"};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		if (str_starts(path, nodes[i]))
			return true;
	return false;
}

/* The longest that is a disk counts: the names of by-path hold separators too. Its length. */
static size_t need_longest(struct finder *f, enum need_kind kind, const char *text)
{
	char spec[DEVPATH_MAX];
	size_t len = str_copy(spec, sizeof(spec), text);

	while (len > 0 && !need_spec(f, kind, spec))
		while (len > 0) {
			char c = spec[--len];
			spec[len] = '\0';
			if (strchr(SEPARATORS, c))
				break;
		}
	return len;
}

void disks_need_named(struct finder *f, const char *text, bool part)
{
	char path[DEVPATH_MAX];

	for (const char *p = text; *p != '\0';) {
		size_t len = 0;
		bool named = spec_path(p, path) && !is_no_disk(path);
		if (named)
			len = need_longest(f, part ? NEED_PART : NEED_DISK, p);
		if (named && len == 0 && part)
			keep_unknown(f->keep, "%s names %.*s, which is not there now", f->what,
				(int)strcspn(p, ":,"), p);
		p += len;
		p += strcspn(p, SEPARATORS);
		p += *p != '\0';
	}
}
