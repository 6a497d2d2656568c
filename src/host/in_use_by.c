/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/in_use_by.h"

#include "base/array.h"
#include "base/file.h"
#include "host/blockdev.h"
#include "pci/devnode.h"
#include "pci/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first ones are named, the rest is counted. */
#define NAMED_MAX 6

#define TABFILE_MAX (4U << 20)
#define NVIDIA_MAJOR 195 /* Documentation/admin-guide/devices.txt */
#define CONSOLES 63      /* MAX_NR_CONSOLES, include/uapi/linux/vt.h */

struct in_use_by {
	struct text *text;
	unsigned n;
	struct devnode_list nodes;
	struct text said; /* of disks, each ended by NUL */
};

static void say(struct in_use_by *u, const char *fmt, ...) _printf_(2, 3);
static void say(struct in_use_by *u, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (u->n < NAMED_MAX)
		text_print(u->text, "%s%s", u->n > 0 ? ", " : "", what);
	u->n++;
}

static void users_done(struct in_use_by *u)
{
	devnode_list_done(&u->nodes);
	text_done(&u->said);
}

static const struct devnode *node_of(const struct in_use_by *u, enum devnode_kind kind, dev_t dev)
{
	for (size_t i = 0; i < u->nodes.n; i++)
		if (u->nodes.at[i].kind == kind && u->nodes.at[i].dev == dev)
			return &u->nodes.at[i];
	return NULL;
}

static void directory_close(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* ---- nodes outside the function's directory ----------------------------------------------------
 */

static int add_node(struct in_use_by *u, dev_t dev, const char *fmt, unsigned number)
{
	struct devnode_list *l = &u->nodes;
	struct devnode *at = array_grow(l->at, l->n, &l->size, sizeof(*at));

	if (!at)
		return -ENOMEM;
	l->at = at;
	at[l->n] = (struct devnode){.kind = DEVNODE_CHAR, .dev = dev};
	(void)snprintf(at[l->n].name, sizeof(at->name), "%s%u", fmt, number);
	l->n++;
	return 0;
}

/* The node of the IOMMU group, which a VM has open (drivers/vfio/group.c). */
static int add_group(struct in_use_by *u, const struct device *d)
{
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "/dev/vfio/%d", d->group);
	if (d->group < 0 || stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return 0;
	return add_node(u, st.st_rdev, "vfio/", (unsigned)d->group);
}

/* NVIDIA's own driver has nodes that are not in sysfs. */
static int add_nvidia(struct in_use_by *u, const struct device *d)
{
	char path[64], address[PCI_ADDR_MAX], text[2048];
	unsigned long minor;

	(void)snprintf(path, sizeof(path), "/proc/driver/nvidia/gpus/%s/information",
		pci_addr_format(d->addr, address));
	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	char *at = strstr(text, "Device Minor:");
	if (!at)
		return 0;
	at += strlen("Device Minor:");
	at += strspn(at, " \t");
	at[strcspn(at, " \n")] = '\0';
	if (!str_decimal(at, UINT8_MAX, &minor))
		return 0;
	return add_node(u, makedev(NVIDIA_MAJOR, (unsigned)minor), "nvidia", (unsigned)minor);
}

/* ---- uses --------------------------------------------------------------------------------------
 */

/* Says each use once: a btrfs is found by each of its devices. */
static int ask_use(const struct blockdev_use *use, void *to)
{
	struct in_use_by *u = to;
	char what[256];

	if (use->mount)
		(void)snprintf(
			what, sizeof(what), "%.64s is mounted on %s", use->name, use->mount->point);
	else if (use->swap)
		(void)snprintf(what, sizeof(what), "%.64s is swapped to", use->name);
	else
		return 0; /* core/in_use knows what is made of it */
	if (u->said.data && memmem(u->said.data, u->said.len, what, strlen(what) + 1))
		return 0;
	text_add(&u->said, what, strlen(what) + 1);
	say(u, "%s", what);
	return u->said.failed ? -ENOMEM : 0;
}

static char *read_table(const char *path)
{
	char *text = NULL;
	size_t len;

	return file_read(AT_FDCWD, path, TABFILE_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

static int ask_disks(struct in_use_by *u, struct sysfs *s)
{
	_cleanup_(str_free) char *mountinfo = read_table("/proc/self/mountinfo");
	_cleanup_(str_free) char *swaps = read_table("/proc/swaps");
	_cleanup_(blockdev_mounts_done) struct blockdev_mounts m = {0};
	int r = blockdev_mounts_parse(&m, mountinfo, swaps);

	for (size_t i = 0; r == 0 && i < u->nodes.n; i++) {
		char name[sizeof(u->nodes.at->name)];
		if (u->nodes.at[i].kind != DEVNODE_BLOCK)
			continue;
		(void)str_copy(name, sizeof(name), u->nodes.at[i].name);
		for (char *p = name; (p = strchr(p, '/'));)
			*p = '!'; /* "cciss/c0d0" is "cciss!c0d0" in sysfs */
		r = blockdev_uses(s, &m, name, ask_use, u);
	}
	return r;
}

/* True if a text console is shown on this framebuffer, from fbcon (con2fb_map in
 * drivers/video/fbdev/core/fbcon.c). */
static bool has_console(unsigned framebuffer)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/dev/fb%u", framebuffer);
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	for (unsigned console = 1; fd >= 0 && console <= CONSOLES; console++) {
		struct fb_con2fbmap map = {.console = console};
		if (ioctl(fd, FBIOGET_CON2FBMAP, &map) == 0 && map.framebuffer == framebuffer)
			return true;
	}
	return false;
}

static int note_console(const char *name, void *to)
{
	char text[64];
	struct sysfs *s = to;

	return sysfs_path_read(s, text, sizeof(text), "class/vtconsole/%s/name", name) > 0 &&
	       strstr(text, "frame buffer") &&
	       sysfs_path_read(s, text, sizeof(text), "class/vtconsole/%s/bind", name) > 0 &&
	       text[0] == '1';
}

/* Checks vtconsole/.../bind first: once fbcon is unbound (0 there), its map stays as it was. */
static void ask_console(struct in_use_by *u, struct sysfs *s)
{
	unsigned long number;

	if (sysfs_path_each(s, "class/vtconsole", note_console, s) != 1)
		return;
	for (size_t i = 0; i < u->nodes.n; i++) {
		const struct devnode *node = &u->nodes.at[i];
		if (node->kind == DEVNODE_CHAR && str_starts(node->name, "fb") &&
			str_decimal(node->name + 2, UINT8_MAX, &number) &&
			has_console((unsigned)number))
			say(u, "the text console is shown on %s", node->name);
	}
}

/* The node of an open descriptor of a process, or NULL. Calls stat only for a path below /dev: stat
 * of a file on a dead network file system does not return. */
static const struct devnode *node_open(const struct in_use_by *u, int dir, const char *name)
{
	char target[64];
	struct stat st;
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	if (!str_starts(target, "/dev/") || fstatat(dir, name, &st, 0) < 0)
		return NULL;
	if (S_ISCHR(st.st_mode))
		return node_of(u, DEVNODE_CHAR, st.st_rdev);
	return S_ISBLK(st.st_mode) ? node_of(u, DEVNODE_BLOCK, st.st_rdev) : NULL;
}

static void ask_process(struct in_use_by *u, int proc, const char *pid)
{
	char path[64], name[64] = "?";
	const struct dirent *entry;
	const struct devnode *node = NULL;

	(void)snprintf(path, sizeof(path), "%.20s/fd", pid);
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(directory_close) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	while (dir && !node && (entry = readdir(dir)))
		node = node_open(u, dirfd(dir), entry->d_name);
	if (!node)
		return;
	(void)snprintf(path, sizeof(path), "%.20s/comm", pid);
	if (file_read_small(proc, path, name, sizeof(name)) > 0)
		name[strcspn(name, "\n")] = '\0';
	say(u, "%s (process %s) has /dev/%s open", name, pid, node->name);
}

static void ask_processes(struct in_use_by *u)
{
	_cleanup_(directory_close) DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ask_process(u, dirfd(proc), entry->d_name);
}

static int gather(struct in_use_by *u, struct sysfs *s, const struct device *d, bool live)
{
	int r = devnodes_find(s, d->addr, &u->nodes);

	if (r == -ENOMEM)
		return r;
	if (!live)
		return 0;
	r = add_group(u, d);
	return r < 0 ? r : add_nvidia(u, d);
}

int in_use_by_find(struct text *ret, struct sysfs *s, const struct device *d, bool live)
{
	_cleanup_(users_done) struct in_use_by u = {.text = ret};
	int r = gather(&u, s, d, live);

	if (r < 0)
		return r;
	if (live && u.nodes.n > 0) {
		r = ask_disks(&u, s);
		if (r < 0)
			return r;
		ask_console(&u, s);
		ask_processes(&u);
	}
	if (u.n > NAMED_MAX)
		text_print(ret, ", and %u more", u.n - NAMED_MAX);
	return ret->failed ? -ENOMEM : (int)u.n;
}
