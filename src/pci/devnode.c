/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/devnode.h"

#include "base/array.h"
#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* From a controller to a partition of its disk there are about ten directories, and five more below
 * USB hubs. */
#define DEPTH_MAX 24

struct walk {
	struct sysfs *s;
	struct devnode_list *list;
	unsigned seen;
	unsigned depth_max;
	char path[1024]; /* relative to bus/pci/devices */
};

bool devnode_read_device(char *text, dev_t *ret)
{
	char *colon = strchr(text, ':');
	unsigned long major, minor;

	if (!colon)
		return false;
	*colon = '\0';
	if (!str_decimal(text, UINT32_MAX, &major) || !str_decimal(colon + 1, UINT32_MAX, &minor))
		return false;
	*ret = makedev((unsigned)major, (unsigned)minor);
	return true;
}

static void directory_close(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static struct devnode *node_add(struct devnode_list *list)
{
	struct devnode *at = array_grow(list->at, list->n, &list->size, sizeof(*at));

	if (!at)
		return NULL;
	list->at = at;
	list->at[list->n] = (struct devnode){0};
	return &list->at[list->n++];
}

void devnode_list_done(struct devnode_list *list)
{
	free(list->at);
	*list = (struct devnode_list){0};
}

/* Reads a file of the current directory of the walk. */
static ssize_t read_here(struct walk *w, size_t len, const char *name, char *buf, size_t size)
{
	if (len + 1 + strlen(name) >= sizeof(w->path))
		return -ENAMETOOLONG;
	w->path[len] = '/';
	(void)str_copy(w->path + len + 1, sizeof(w->path) - len - 1, name);
	ssize_t n = file_read_small(w->s->devices, w->path, buf, size);
	w->path[len] = '\0';
	return n;
}

static DIR *open_here(struct walk *w, size_t len, const char *name)
{
	if (len + 1 + strlen(name) >= sizeof(w->path))
		return NULL;
	w->path[len] = '/';
	(void)str_copy(w->path + len + 1, sizeof(w->path) - len - 1, name);
	int fd = openat(w->s->devices, w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->path[len] = '\0';
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		fd_close(&fd);
	return dir;
}

/* A directory that does not exist, or vanished during the walk, has no entries. */
static bool is_gone(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ENODEV || code == EINVAL;
}

/*
 * Reads the name of the node below /dev ("DEVNAME=dri/card0", drivers/base/core.c), and whether it
 * is a partition. A recorded tree may lack both; then the name is most likely that of the
 * directory.
 */
static void read_name(struct walk *w, size_t len, const char *directory, struct devnode *node)
{
	char text[512];
	const char *at;

	(void)str_copy(node->name, sizeof(node->name), directory);
	if (read_here(w, len, "uevent", text, sizeof(text)) < 0)
		return;
	node->partition = strstr(text, "DEVTYPE=partition") != NULL;
	if (node->partition || strstr(text, "DEVTYPE=disk"))
		node->kind = DEVNODE_BLOCK;
	if (!(at = strstr(text, "DEVNAME=")))
		return;
	at += strlen("DEVNAME=");
	size_t n = strcspn(at, "\n");
	if (n > 0 && n < sizeof(node->name)) {
		memcpy(node->name, at, n);
		node->name[n] = '\0';
	}
}

static void read_holder(struct walk *w, size_t len, struct devnode *node)
{
	_cleanup_(directory_close) DIR *dir = open_here(w, len, "holders");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			(void)str_copy(node->holder, sizeof(node->holder), entry->d_name);
			return;
		}
}

/*
 * From the link "subsystem". A recorded tree may lack it; it has a directory "block" at least above
 * disks whose parent has no class, as the parent of NVMe disks (get_device_parent in
 * drivers/base/core.c).
 */
static bool is_block(struct walk *w, size_t len)
{
	static const char link[] = "/subsystem", block[] = "/block";
	char target[256];

	if (strstr(w->path, "/block/"))
		return true;
	if (len + sizeof(link) > sizeof(w->path))
		return false;
	memcpy(w->path + len, link, sizeof(link));
	ssize_t n = readlinkat(w->s->devices, w->path, target, sizeof(target));
	w->path[len] = '\0';
	return n >= (ssize_t)strlen(block) && n < (ssize_t)sizeof(target) &&
	       memcmp(target + n - strlen(block), block, strlen(block)) == 0;
}

static int scan_node(struct walk *w, size_t len, const char *directory)
{
	char text[32];
	dev_t dev;

	ssize_t n = read_here(w, len, "dev", text, sizeof(text));
	if (n < 0)
		return is_gone((int)-n) ? 0 : (int)n;
	text[strcspn(text, "\n")] = '\0';
	if (!devnode_read_device(text, &dev))
		return 0;
	struct devnode *node = node_add(w->list);
	if (!node)
		return -ENOMEM;
	node->kind = is_block(w, len) ? DEVNODE_BLOCK : DEVNODE_CHAR;
	node->dev = dev;
	read_name(w, len, directory, node);
	if (node->kind == DEVNODE_BLOCK)
		read_holder(w, len, node);
	return 0;
}

/* "upper_br0" (netdev_adjacent_sysfs_add, net/core/dev.c) of a bridge, a bond, a VLAN. */
static void read_upper(struct walk *w, size_t len, struct devnode *node)
{
	static const char upper[] = "upper_";
	_cleanup_(directory_close) DIR *dir = open_here(w, len, ".");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (str_starts(entry->d_name, upper)) {
			(void)str_copy(
				node->holder, sizeof(node->holder), entry->d_name + strlen(upper));
			return;
		}
}

static int scan_interface(struct walk *w, size_t len, const char *name)
{
	char text[16];
	const char *p = text;
	uint32_t flags;
	ssize_t n = read_here(w, len, "flags", text, sizeof(text));

	if (n < 0)
		return is_gone((int)-n) ? 0 : (int)n;
	if (!str_starts(p, "0x"))
		return 0;
	p += 2;
	struct devnode *node = node_add(w->list);
	if (!node)
		return -ENOMEM;
	node->kind = DEVNODE_NET;
	node->up = str_hex(&p, 8, &flags) && flags & IFF_UP;
	(void)str_copy(node->name, sizeof(node->name), name);
	read_upper(w, len, node);
	return 0;
}

static int add_hidden(struct devnode_list *list)
{
	struct devnode *node = node_add(list);

	if (!node)
		return -ENOMEM;
	node->kind = DEVNODE_NET;
	return 0;
}

/*
 * With multipath (the kernel's default for NVMe) the disk below the controller is only a path,
 * "nvme0c1n2" (nvme_mpath_set_disk_name in drivers/nvme/host/multipath.c); the disk in use is
 * nvme0n2, which is below no controller. It is in use even if another path leads to it, too.
 */
static bool disk_of_path(const char *name, char *ret, size_t size)
{
	static const char digits[] = "0123456789", nvme[] = "nvme";

	if (!str_starts(name, nvme))
		return false;
	size_t subsystem = strlen(nvme) + strspn(name + strlen(nvme), digits);
	if (name[subsystem] != 'c')
		return false;
	const char *disk = name + subsystem + 1;
	disk += strspn(disk, digits);
	if (disk[0] != 'n' || !disk[1] || disk[1 + strspn(disk + 1, digits)])
		return false;
	return (size_t)snprintf(ret, size, "%.*s%s", (int)subsystem, name, disk) < size;
}

static int walk_disk(struct walk *w, const char *name);

// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep
static int walk_directory(struct walk *w, size_t len, unsigned depth, bool net)
{
	_cleanup_(directory_close) DIR *dir = open_here(w, len, ".");
	const struct dirent *entry;
	char disk[32];
	bool empty = true;
	int r = 0;

	if (!dir)
		return is_gone(errno) ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		/* Symbolic links lead out or up: children are real directories. */
		size_t n = strlen(entry->d_name);
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		empty = false;
		if (depth == w->depth_max)
			return depth == DEPTH_MAX ? -EOVERFLOW : 0;
		if (++w->seen > NODES_MAX || len + n + 2 >= sizeof(w->path))
			return -EOVERFLOW;
		w->path[len] = '/';
		memcpy(w->path + len + 1, entry->d_name, n + 1);
		r = net ? scan_interface(w, len + 1 + n, entry->d_name)
			: scan_node(w, len + 1 + n, entry->d_name);
		if (r == 0)
			r = walk_directory(
				w, len + 1 + n, depth + 1, str_equal(entry->d_name, "net"));
		w->path[len] = '\0';
		if (r == 0 && disk_of_path(entry->d_name, disk, sizeof(disk)))
			r = walk_disk(w, disk);
	}
	/* The directory vanishes with the last interface, and shows only the interfaces of our
	 * network namespace. */
	if (r == 0 && net && empty)
		r = add_hidden(w->list);
	return r;
}

// NOLINTNEXTLINE(misc-no-recursion): there are no paths below a disk
static int walk_disk(struct walk *w, const char *name)
{
	struct walk disk = {.s = w->s, .list = w->list, .seen = w->seen, .depth_max = 1};
	int n = snprintf(disk.path, sizeof(disk.path), "../../../class/block/%s", name);
	int r = scan_node(&disk, (size_t)n, name);

	if (r == 0)
		r = walk_directory(&disk, (size_t)n, 0, false);
	w->seen = disk.seen;
	return r;
}

int devnodes_find(struct sysfs *s, struct pci_addr addr, struct devnode_list *list)
{
	struct walk w = {.s = s, .list = list, .depth_max = DEPTH_MAX};

	return walk_directory(&w, strlen(pci_addr_format(addr, w.path)), 0, false);
}
