/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/blockdev.h"

#include "base/str.h"
#include "pci/devnode.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK "class/block/"

/* LUKS on LVM on RAID on a partition has a depth of four. */
#define DEPTH_MAX 8

bool blockdev_directory(struct sysfs *s, const char *name, char ret[static DEVPATH_MAX])
{
	char link[SYSFS_PATH_MAX];

	(void)snprintf(link, sizeof(link), BLOCK "%.255s", name);
	return devpath_of(s, link, ret) > 0;
}

bool blockdev_by_number(
	struct sysfs *s, unsigned major, unsigned minor, char ret[static BLOCKDEV_NAME_MAX])
{
	char link[64], device[DEVPATH_MAX];

	(void)snprintf(link, sizeof(link), "dev/block/%u:%u", major, minor);
	if (devpath_of(s, link, device) < 0)
		return false;
	const char *last = strrchr(device, '/') + 1;
	return str_copy(ret, BLOCKDEV_NAME_MAX, last) == strlen(last);
}

bool blockdev_number(struct sysfs *s, const char *name, unsigned *ret_major, unsigned *ret_minor)
{
	char number[32];
	dev_t dev;

	if (sysfs_path_read(s, number, sizeof(number), BLOCK "%s/dev", name) <= 0 ||
		!devnode_read_device(number, &dev))
		return false;
	*ret_major = major(dev);
	*ret_minor = minor(dev);
	return true;
}

bool blockdev_is_partition(struct sysfs *s, const char *name)
{
	return sysfs_path_exists(s, BLOCK "%s/partition", name);
}

void blockdev_whole(struct sysfs *s, const char *name, char ret[static BLOCKDEV_NAME_MAX])
{
	char device[DEVPATH_MAX];

	(void)str_copy(ret, BLOCKDEV_NAME_MAX, name);
	if (!blockdev_is_partition(s, name) || !blockdev_directory(s, name, device))
		return;
	*strrchr(device, '/') = '\0';
	const char *above = strrchr(device, '/');
	if (above)
		(void)str_copy(ret, BLOCKDEV_NAME_MAX, above + 1);
}

/* The name that LVM, LUKS or multipath gave it ("vg-root"), else its own. */
static void blockdev_label(struct sysfs *s, const char *name, char ret[static BLOCKDEV_NAME_MAX])
{
	if (sysfs_path_read(s, ret, BLOCKDEV_NAME_MAX, BLOCK "%s/dm/name", name) <= 0)
		(void)str_copy(ret, BLOCKDEV_NAME_MAX, name);
}

static int each_in(
	struct sysfs *s, const char *name, const char *below, blockdev_each *each, void *to)
{
	char path[SYSFS_PATH_MAX];

	(void)snprintf(path, sizeof(path), BLOCK "%.255s%s", name, below);
	return sysfs_path_each(s, path, each, to);
}

int blockdev_slaves(struct sysfs *s, const char *name, blockdev_each *each, void *to)
{
	return each_in(s, name, "/slaves", each, to);
}

int blockdev_holders(struct sysfs *s, const char *name, blockdev_each *each, void *to)
{
	return each_in(s, name, "/holders", each, to);
}

struct siblings {
	struct sysfs *s;
	const char *name;
	blockdev_each *each;
	void *to;
};

static int each_btrfs(const char *id, void *to)
{
	const struct siblings *b = to;
	char path[SYSFS_PATH_MAX];

	if (!sysfs_path_exists(b->s, "fs/btrfs/%.64s/devices/%s", id, b->name))
		return 0;
	(void)snprintf(path, sizeof(path), "fs/btrfs/%.64s/devices", id);
	return sysfs_path_each(b->s, path, b->each, b->to);
}

int blockdev_btrfs(struct sysfs *s, const char *name, blockdev_each *each, void *to)
{
	struct siblings b = {s, name, each, to};

	return sysfs_path_each(s, "fs/btrfs", each_btrfs, &b);
}

struct subsystem {
	const char *directory;
	blockdev_each *each;
	void *to;
};

/* nvme0 is a link to a controller; nvme0n1, the disk, is a directory that is no link. */
static int each_controller(const char *name, void *to)
{
	const struct subsystem *n = to;
	char path[DEVPATH_MAX + 64];

	if (!str_starts(name, "nvme"))
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%.48s", n->directory, name);
	return n->each(path, n->to);
}

int blockdev_controllers(struct sysfs *s, const char *directory, blockdev_each *each, void *to)
{
	static const char subsystems[] = "/nvme-subsystem/";
	const char *at = strstr(directory, subsystems);
	char path[DEVPATH_MAX];
	struct subsystem n = {path, each, to};

	if (!at)
		return 0;
	size_t len = (size_t)(at - directory) + strlen(subsystems);
	len += strcspn(directory + len, "/");
	(void)snprintf(path, sizeof(path), "%.*s", (int)len, directory);
	return sysfs_path_each(s, path, each_controller, &n);
}

/* ---- uses ------------------------------------------------------------------------------------ */

/* The last part of "/dev/sda1" or "/dev/mapper/vg-root"; "" for what is not below /dev. */
static const char *source_name(const struct mount_row *m)
{
	return str_starts(m->source, "/dev/") ? strrchr(m->source, '/') + 1 : "";
}

static int compare_numbers(const struct mount_row *x, unsigned major, unsigned minor)
{
	if (x->major != major)
		return x->major < major ? -1 : 1;
	return x->minor == minor ? 0 : x->minor < minor ? -1 : 1;
}

/* Rows of one number or source stay in the order of the table. */
static int by_number(const void *a, const void *b)
{
	const struct mount_row *x = *(const struct mount_row *const *)a,
			       *y = *(const struct mount_row *const *)b;
	int order = compare_numbers(x, y->major, y->minor);

	return order != 0 ? order : x < y ? -1 : 1;
}

static int by_source(const void *a, const void *b)
{
	const struct mount_row *x = *(const struct mount_row *const *)a,
			       *y = *(const struct mount_row *const *)b;
	int order = strcmp(source_name(x), source_name(y));

	return order != 0 ? order : x < y ? -1 : 1;
}

static const struct mount_row **sorted(
	const struct mount_table *m, int (*compare)(const void *a, const void *b))
{
	const struct mount_row **rows = calloc(m->n + 1, sizeof(void *));

	for (size_t i = 0; rows && i < m->n; i++)
		rows[i] = &m->at[i];
	if (rows && m->n > 1)
		qsort(rows, m->n, sizeof(void *), compare);
	return rows;
}

int blockdev_mounts_parse(struct blockdev_mounts *ret, const char *mountinfo, const char *swaps)
{
	*ret = (struct blockdev_mounts){0};
	int r = mount_table_parse(&ret->mounts, mountinfo ? mountinfo : "");
	if (r == 0)
		r = mount_table_parse_swaps(&ret->swaps, swaps ? swaps : "");
	ret->by_number = sorted(&ret->mounts, by_number);
	ret->by_source = sorted(&ret->mounts, by_source);
	return ret->by_number && ret->by_source ? r : -ENOMEM;
}

void blockdev_mounts_done(struct blockdev_mounts *m)
{
	mount_table_done(&m->mounts);
	mount_table_done(&m->swaps);
	free(m->by_number);
	free(m->by_source);
	*m = (struct blockdev_mounts){0};
}

struct walk {
	struct sysfs *s;
	const struct blockdev_mounts *m;
	int (*each)(const struct blockdev_use *use, void *to);
	void *to;
	unsigned depth;
	unsigned holders; /* how many of the devices above the current one are holders */
	unsigned found;   /* mounts and swap spaces so far */
};

static int found_mount(struct walk *w, const char *label, const struct mount_row *m)
{
	w->found++;
	return w->each(&(struct blockdev_use){.name = label, .mount = m}, w->to);
}

static int each_by_number(struct walk *w, const char *name, const char *label)
{
	const struct mount_row **rows = w->m->by_number;
	unsigned major = 0, minor = 0;
	size_t at = 0, n = w->m->mounts.n;
	int r = 0;

	if (!blockdev_number(w->s, name, &major, &minor))
		return 0;
	for (size_t end = n; at < end;) {
		size_t middle = at + (end - at) / 2;
		if (compare_numbers(rows[middle], major, minor) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	for (; r == 0 && at < n && compare_numbers(rows[at], major, minor) == 0; at++)
		r = found_mount(w, label, rows[at]);
	return r;
}

static int each_by_source(struct walk *w, const char *name, const char *label)
{
	const struct mount_row **rows = w->m->by_source;
	size_t at = 0, n = w->m->mounts.n;
	int r = 0;

	for (size_t end = n; at < end;) {
		size_t middle = at + (end - at) / 2;
		if (strcmp(source_name(rows[middle]), name) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	for (; r == 0 && at < n && str_equal(source_name(rows[at]), name); at++)
		r = found_mount(w, label, rows[at]);
	return r;
}

/* By the number of the file system, which for btrfs is not a block device's, and by the source. */
static int each_mount(struct walk *w, const char *name, const char *label)
{
	int r = each_by_number(w, name, label);

	if (r == 0)
		r = each_by_source(w, name, label);
	return r == 0 && !str_equal(name, label) ? each_by_source(w, label, label) : r;
}

/* The mount of its file system covers a swap file. */
static int each_swap(struct walk *w, const char *name, const char *label)
{
	for (size_t i = 0; i < w->m->swaps.n; i++) {
		const char *source = source_name(&w->m->swaps.at[i]);
		if (!str_equal(source, name) && !str_equal(source, label))
			continue;
		w->found++;
		return w->each(&(struct blockdev_use){.name = label, .swap = true}, w->to);
	}
	return 0;
}

static int look_at(const char *name, void *to)
{
	struct walk *w = to;
	char label[BLOCKDEV_NAME_MAX];

	blockdev_label(w->s, name, label);
	int r = each_mount(w, name, label);
	return r == 0 ? each_swap(w, name, label) : r;
}

static int walk_device(const char *name, void *to);

/* A partition is a directory in its disk's, as queue/ and holders/ are, but named after the disk.
 */
static int walk_partition(const char *name, void *to)
{
	struct walk *w = to;

	return blockdev_is_partition(w->s, name) ? walk_device(name, w) : 0;
}

/* If nothing on it is mounted, only its existence is known: a volume of a VM, an idle array. */
// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep
static int walk_holder(const char *name, void *to)
{
	struct walk *w = to;
	unsigned found = w->found;
	char label[BLOCKDEV_NAME_MAX];

	w->holders++;
	int r = walk_device(name, w);
	w->holders--;
	if (r != 0 || w->found != found || w->holders > 0)
		return r;
	blockdev_label(w->s, name, label);
	return w->each(&(struct blockdev_use){.name = label, .holder = true}, w->to);
}

// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep
static int walk_device(const char *name, void *to)
{
	struct walk *w = to;

	if (w->depth == DEPTH_MAX)
		return 0;
	w->depth++;
	int r = look_at(name, w);
	if (r == 0)
		r = blockdev_btrfs(w->s, name, look_at, w);
	if (r == 0)
		r = blockdev_holders(w->s, name, walk_holder, w);
	if (r == 0 && !blockdev_is_partition(w->s, name))
		r = each_in(w->s, name, "", walk_partition, w);
	w->depth--;
	return r;
}

int blockdev_uses(struct sysfs *s, const struct blockdev_mounts *m, const char *name,
	int (*each)(const struct blockdev_use *use, void *to), void *to)
{
	struct walk w = {.s = s, .m = m, .each = each, .to = to};

	return walk_device(name, &w);
}

#define LINKS_MAX 8

/* Resolves a link's target relative to the link, as text: "/dev/disk/by-uuid/x" and "../../sda1"
 * make "/dev/sda1". */
static bool follow(char path[static DEVPATH_MAX], const char *target)
{
	char joined[2 * DEVPATH_MAX];
	size_t len = 0;

	if (*target == '/')
		(void)str_copy(joined, sizeof(joined), target);
	else
		(void)snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path),
			path, target);
	for (char *rest = joined, *part; (part = strsep(&rest, "/"));) {
		if (*part == '\0' || str_equal(part, "."))
			continue;
		if (str_equal(part, "..")) {
			while (len > 0 && path[--len] != '/')
				;
			continue;
		}
		if (len + 1 + strlen(part) >= DEVPATH_MAX)
			return false;
		path[len++] = '/';
		len += str_copy(path + len, DEVPATH_MAX - len, part);
	}
	path[len] = '\0';
	return len > 0;
}

/* Finds a node whose name is not the kernel's, as in /dev/mapper without udev. */
static bool find_node(
	int root, struct sysfs *s, const char *path, char name[static BLOCKDEV_NAME_MAX])
{
	struct stat st;

	return fstatat(root, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(st.st_mode) &&
	       blockdev_by_number(s, major(st.st_rdev), minor(st.st_rdev), name);
}

static void follow_all(int root, char path[static DEVPATH_MAX], bool *ret_lost)
{
	char target[DEVPATH_MAX];

	*ret_lost = false;
	for (int i = 0; i < LINKS_MAX && !*ret_lost; i++) {
		ssize_t n = readlinkat(root, path + 1, target, sizeof(target) - 1);
		if (n < 0)
			return;
		target[n] = '\0';
		*ret_lost = !follow(path, target);
	}
}

/* Encodes a label as udev does in a name (encode_devnode_name in systemd's device-nodes.c). */
static void encode(const char *value, bool lower, char *buf, size_t size)
{
	size_t len = 0;

	for (; *value != '\0' && len + 5 < size; value++) {
		unsigned char c = (unsigned char)*value;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (lower && c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (letter || (c >= '0' && c <= '9') || strchr("#+-.:=@_", c) || c >= 0x80)
			buf[len++] = (char)c;
		else
			len += (size_t)snprintf(buf + len, size - len, "\\x%02x", c);
	}
	buf[len] = '\0';
}

bool dev_tag_path(const char *spec, char buf[static DEVPATH_MAX])
{
	static const struct {
		const char *tag, *directory;
		bool lower; /* the kernel compares these case-insensitively */
	} tags[] = {
		{"UUID=", "by-uuid", false},
		{"LABEL=", "by-label", false},
		{"PARTUUID=", "by-partuuid", true},
		{"PARTLABEL=", "by-partlabel", false},
		{"ID=", "by-id", false},
	};
	char value[512];

	if (str_starts(spec, "/dev/"))
		return str_copy(buf, DEVPATH_MAX, spec) == strlen(spec);
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		if (!str_starts(spec, tags[i].tag))
			continue;
		const char *from = spec + strlen(tags[i].tag);
		encode(from + (*from == '"'), tags[i].lower, value, sizeof(value));
		char *quote = strstr(value, "\\x22");
		if (quote)
			*quote = '\0';
		(void)snprintf(buf, DEVPATH_MAX, "/dev/disk/%s/%s", tags[i].directory, value);
		return true;
	}
	return false;
}

bool dev_tag_disk(int root, struct sysfs *s, const char *spec, char name[static BLOCKDEV_NAME_MAX])
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];
	bool lost;

	if (!dev_tag_path(spec, path))
		return false;
	follow_all(root, path, &lost);
	if (lost || !str_starts(path, "/dev/"))
		return false;
	/* "/dev/cciss/c0d0" is "cciss!c0d0" in sysfs. */
	size_t len = str_copy(name, BLOCKDEV_NAME_MAX, path + strlen("/dev/"));
	for (char *p = name; (p = strchr(p, '/'));)
		*p = '!';
	if (len == strlen(path + strlen("/dev/")) && blockdev_directory(s, name, device))
		return true;
	return find_node(root, s, path, name);
}
