/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ZFS says nowhere in sysfs which disks a pool is made of. udev's database knows whose contents
 * are a member's, and of which pool; without it, whatever has partitions that nobody else explains
 * may be one.
 */
#include "bind/pools.h"

#include "base/file.h"
#include "bind/disks.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UDEV "run/udev/data"
#define UDEV_ENTRY_MAX 65536
#define UDEV_ENTRIES_MAX 65536

static bool has_line(char *text, const char *prefix, const char *value)
{
	for (char *p = text; (p = strstr(p, prefix)); p++) {
		size_t len = strlen(value);
		const char *at = p + strlen(prefix);
		if ((p == text || p[-1] == '\n') && strncmp(at, value, len) == 0 &&
			(at[len] == '\n' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Is the entry that of a member of the pool? A member whose pool isn't named may be of any. */
static bool is_member(char *entry, const char *pool)
{
	return has_line(entry, "E:ID_FS_TYPE=", "zfs_member") &&
	       (*pool == '\0' || !strstr(entry, "\nE:ID_FS_LABEL=") ||
		       has_line(entry, "E:ID_FS_LABEL=", pool));
}

static int is_block(const struct dirent *entry)
{
	return entry->d_name[0] == 'b';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool need_member(struct hostdevs_search *f, const char *name, const char *pool)
{
	_cleanup_(str_free) char *entry = NULL, *path = NULL;
	unsigned major, minor;
	size_t len;

	return tabfile_device(name + 1, &major, &minor) && asprintf(&path, UDEV "/%s", name) >= 0 &&
	       file_read(f->root, path, UDEV_ENTRY_MAX, &entry, &len, NULL) == 0 &&
	       is_member(entry, pool) && disk_need_number(f, major, minor);
}

static unsigned need_members(struct hostdevs_search *f, const char *pool)
{
	struct dirent **names = NULL;
	unsigned found = 0;
	int n = scandirat(f->root, UDEV, &names, is_block, by_name);

	for (int i = 0; i < n; i++) {
		if (i < UDEV_ENTRIES_MAX)
			found += need_member(f, names[i]->d_name, pool);
		free(names[i]);
	}
	free(names);
	return found;
}

static int count(const char *name, void *to)
{
	(void)name;
	++*(unsigned *)to;
	return 0;
}

static bool is_mounted(const struct hostdevs_search *f, const char *name)
{
	char dev[32];
	unsigned major, minor;

	if (sysfs_path_read(f->sysfs, dev, sizeof(dev), "class/block/%s/dev", name) <= 0 ||
		!tabfile_device(dev, &major, &minor))
		return false;
	for (size_t i = 0; i < f->mounts.n; i++)
		if (f->mounts.at[i].major == major && f->mounts.at[i].minor == minor)
			return true;
	return false;
}

struct guess {
	struct hostdevs_search *f;
	unsigned found;
};

static int guess_one(const char *name, void *to)
{
	struct guess *g = to;
	char path[SYSFS_PATH_MAX], number[16];
	unsigned holders = 0;

	if (sysfs_path_read(g->f->sysfs, number, sizeof(number), "class/block/%s/partition", name) <
		0)
		return 0;
	(void)snprintf(path, sizeof(path), "class/block/%.255s/holders", name);
	hostdevs_search_each(g->f, path, count, &holders);
	if (holders > 0 || is_mounted(g->f, name))
		return 0;
	hostdevs_search_need(g->f, PENDING_DISK, name);
	g->found++;
	return 0;
}

void pool_look(struct hostdevs_search *f, const char *pool)
{
	char what[sizeof(f->what)];
	struct guess g = {.f = f};

	if (need_members(f, pool) > 0)
		return;
	(void)str_copy(what, sizeof(what), f->what);
	hostdevs_search_for(f, "maybe the pool of %.60s", what);
	hostdevs_search_each(f, "class/block", guess_one, &g);
	hostdevs_search_for(f, "%s", what);
	if (g.found == 0)
		protected_set_unknown(f->keep, "%s is on ZFS, and its disks are not known", what);
}
