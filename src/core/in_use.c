/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/in_use.h"

#include "base/file.h"
#include "base/str.h"
#include "core/steps.h"
#include "pci/devnode.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Nothing is read or written; O_NONBLOCK: does not wait for an empty drive. */
#define CLAIM (O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC)
#define TRIES 3

#define TIMEOUT_MS 3000

static void claimed(struct in_use *u, const char *fmt, ...) _printf_(2, 3);
static void claimed(struct in_use *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(u->reason, sizeof(u->reason), fmt, ap);
	va_end(ap);
	u->kind = IN_USE_CLAIMED;
}

/* Returns a descriptor of exactly this device, or -errno. */
static int open_node(const char *path, dev_t dev)
{
	struct stat st;
	int fd = -1;

	/* Checked before the open, which has side effects on other devices (a tape). */
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != dev)
		return -ESTALE;
	for (int tries = 0; fd < 0 && tries < TRIES; tries++) {
		fd = open(path, CLAIM);
		if (fd < 0 && errno != EINTR)
			return -errno;
	}
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != dev)) {
		(void)close(fd);
		return -ESTALE;
	}
	return fd < 0 ? -EINTR : fd;
}

/* If /dev lacks the node, or it belongs to another device: uses a temporary node of our own. /run
 * may be mounted nodev, /dev may not. */
static int open_own_node(dev_t dev)
{
	static const char *const places[] = {"/dev", "/run"};
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "%s/.vfio-bind-%u:%u", places[i], major(dev),
			minor(dev));
		(void)unlink(path); /* left by a killed process */
		if (mknod(path, S_IFBLK | 0600, dev) < 0) {
			r = -errno;
			continue;
		}
		r = open_node(path, dev);
		(void)unlink(path);
		if (r != -EACCES)
			return r;
	}
	return r;
}

static int open_disk(const struct devnode *disk)
{
	char path[sizeof("/dev/") + sizeof(disk->name)];

	(void)snprintf(path, sizeof(path), "/dev/%s", disk->name);
	int fd = open_node(path, disk->dev);
	return fd == -ENOENT || fd == -ESTALE || fd == -ENOTDIR ? open_own_node(disk->dev) : fd;
}

static void claim_disk(struct in_use *u, const struct devnode *disk)
{
	int fd = open_disk(disk);

	if (fd == -EBUSY) {
		claimed(u,
			"the kernel keeps %s: it, or a part of it, is mounted, swapped to, a journal, or part of another device; end that first",
			disk->name);
		return;
	}
	if (fd == -ENOMEDIUM || fd == -ENXIO) /* an empty drive */
		return;
	if (fd < 0) {
		claimed(u, "whether %s is used can't be found out: %s", disk->name, strerror(-fd));
		return;
	}
	int *disks = reallocarray(u->disks, u->n_disks + 1, sizeof(*disks));
	if (!disks) {
		(void)close(fd);
		claimed(u, "whether %s is used can't be found out: out of memory", disk->name);
		return;
	}
	u->disks = disks;
	u->disks[u->n_disks++] = fd;
}

/*
 * nvidia_modeset opens each card inside the kernel, for nvidia_drm, too, and no process shows it:
 * the unbind would wait without limit (nv_pci_remove, kernel-open/nvidia/nv-pci.c).
 */
static void ask_modules(struct in_use *u, struct sysfs *s, struct pci_addr addr)
{
	static const char *const modules[] = {"nvidia_drm", "nvidia_modeset", "nvidia_uvm"};
	char driver[32], loaded[64] = "";
	bool holds = false;

	if (sysfs_link(s, addr, "driver", driver, sizeof(driver)) <= 0 ||
		!str_equal(driver, "nvidia"))
		return;
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		if (!sysfs_path_exists(s, "module/%s", modules[i]))
			continue;
		size_t len = strlen(loaded);
		(void)snprintf(loaded + len, sizeof(loaded) - len, " %s", modules[i]);
		holds |= i < 2;
	}
	if (holds)
		claimed(u,
			"modules of its driver keep it, and nvidia would never let it go; 'modprobe -r%s' frees it",
			loaded);
}

/* ---- users of a disk that take no claim on it -------------------------------------------------
 */

struct ask {
	struct in_use *u;
	struct sysfs *s;
	const struct devnode_list *nodes;
	bool live;
	char at[160]; /* below /sys */
};

/* The disk of this path from a kernel file, or NULL. Only a path below /dev is examined: a file of
 * a dead network file system would not answer. */
static const struct devnode *disk_of(const struct ask *a, const char *path)
{
	struct stat st = {0};

	if (!str_starts(path, "/dev/") ||
		(a->live && (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))))
		return NULL;
	for (size_t i = 0; i < a->nodes->n; i++) {
		const struct devnode *node = &a->nodes->at[i];
		if (node->kind == DEVNODE_BLOCK &&
			(a->live ? node->dev == st.st_rdev : str_equal(node->name, path + 5)))
			return node;
	}
	return NULL;
}

static int ask_path(struct ask *a, const char *path, const char *what)
{
	const struct devnode *disk = disk_of(a, path);

	if (disk)
		claimed(a->u, "%s is %s; end that first", disk->name, what);
	return disk != NULL;
}

/* drivers/nvme/target/io-cmd-bdev.c opens it without a holder. */
static int ask_namespace(const char *name, void *to)
{
	struct ask *a = to;
	char enabled[8], path[256];

	if (sysfs_path_read(a->s, enabled, sizeof(enabled), "%s/%s/enable", a->at, name) <= 0 ||
		enabled[0] != '1' ||
		sysfs_path_read(a->s, path, sizeof(path), "%s/%s/device_path", a->at, name) <= 0)
		return 0;
	return ask_path(a, path, "served to others by the NVMe target");
}

#define NVMET "kernel/config/nvmet/subsystems"
static int ask_subsystem(const char *name, void *to)
{
	struct ask *a = to;

	(void)snprintf(a->at, sizeof(a->at), NVMET "/%.100s/namespaces", name);
	return sysfs_path_each(a->s, a->at, ask_namespace, a);
}

/* A fileio backstore may have a disk as its file (target_core_file.c). */
static int ask_backstore(const char *name, void *to)
{
	struct ask *a = to;
	char path[256], info[512], *file;

	if (sysfs_path_read(a->s, path, sizeof(path), "%s/%s/udev_path", a->at, name) > 0 &&
		ask_path(a, path, "served to others by the SCSI target"))
		return 1;
	if (sysfs_path_read(a->s, info, sizeof(info), "%s/%s/info", a->at, name) <= 0 ||
		!(file = strstr(info, "File: ")))
		return 0;
	file += strlen("File: ");
	file[strcspn(file, " \n")] = '\0';
	return ask_path(a, file, "served to others by the SCSI target");
}

#define LIO "kernel/config/target/core"
static int ask_adapter(const char *name, void *to)
{
	struct ask *a = to;

	(void)snprintf(a->at, sizeof(a->at), LIO "/%.100s", name);
	return sysfs_path_each(a->s, a->at, ask_backstore, a);
}

static int ask_loop(const char *name, void *to)
{
	struct ask *a = to;
	char path[256];

	if (!str_starts(name, "loop") ||
		sysfs_path_read(a->s, path, sizeof(path), "block/%s/loop/backing_file", name) <= 0)
		return 0;
	return ask_path(a, path, "the backing file of a loop device");
}

static void ask_by_name(
	struct in_use *u, struct sysfs *s, const struct devnode_list *nodes, bool live)
{
	struct ask a = {.u = u, .s = s, .nodes = nodes, .live = live};
	bool disks = false;
	int r = 0;

	for (size_t i = 0; i < nodes->n; i++)
		disks |= nodes->at[i].kind == DEVNODE_BLOCK;
	if (!disks)
		return;
	/* A target is loaded, but its configuration is not visible. */
	if ((sysfs_path_exists(s, "module/nvmet") && !sysfs_path_exists(s, NVMET)) ||
		(sysfs_path_exists(s, "module/target_core_mod") && !sysfs_path_exists(s, LIO)))
		claimed(u,
			"whether a target serves a disk of it can't be found out: configfs is not mounted");
	if (u->kind == IN_USE_FREE)
		r = sysfs_path_each(s, NVMET, ask_subsystem, &a);
	if (r == 0)
		r = sysfs_path_each(s, LIO, ask_adapter, &a);
	if (r == 0)
		r = sysfs_path_each(s, "block", ask_loop, &a);
	if (r < 0)
		claimed(u, "whether it is used can't be found out: out of memory");
}

static void ask_nodes(struct in_use *u, const struct devnode_list *nodes, bool live)
{
	for (size_t i = 0; u->kind == IN_USE_FREE && i < nodes->n; i++) {
		const struct devnode *node = &nodes->at[i];
		if (node->kind == DEVNODE_BLOCK && node->holder[0])
			claimed(u, "%s is made of %s", node->holder, node->name);
	}
	for (size_t i = 0; live && u->kind == IN_USE_FREE && i < nodes->n; i++)
		if (nodes->at[i].kind == DEVNODE_BLOCK && !nodes->at[i].partition)
			claim_disk(u, &nodes->at[i]);
}

static void ask_interfaces(struct in_use *u, const struct devnode_list *nodes)
{
	for (size_t i = 0; u->kind == IN_USE_FREE && i < nodes->n; i++) {
		const struct devnode *node = &nodes->at[i];
		if (node->kind != DEVNODE_NET)
			continue;
		u->kind = IN_USE_NETWORK;
		if (!node->name[0])
			(void)snprintf(u->reason, sizeof(u->reason),
				"an interface of it is in another network namespace");
		else if (node->holder[0])
			(void)snprintf(u->reason, sizeof(u->reason), "%s is part of %s", node->name,
				node->holder);
		else if (node->up)
			(void)snprintf(u->reason, sizeof(u->reason), "%s is up", node->name);
		else
			u->kind = IN_USE_FREE;
	}
}

void in_use_ask(struct in_use *ret, struct sysfs *s, struct pci_addr addr, bool live)
{
	struct devnode_list nodes = {0};

	*ret = (struct in_use){0};
	ask_modules(ret, s, addr);
	int r = devnodes_find(s, addr, &nodes);
	if (r < 0 && ret->kind == IN_USE_FREE)
		claimed(ret, "what it is used for can't be found out: %s", strerror(-r));
	ask_nodes(ret, &nodes, live);
	if (ret->kind == IN_USE_FREE)
		ask_by_name(ret, s, &nodes, live);
	ask_interfaces(ret, &nodes);
	devnode_list_done(&nodes);
}

void in_use_done(struct in_use *u)
{
	for (size_t i = 0; i < u->n_disks; i++)
		(void)close(u->disks[i]);
	free(u->disks);
	*u = (struct in_use){0};
}

struct question {
	struct sysfs *s;
	struct pci_addr addr;
	bool live;
	enum in_use_kind kind;
	char reason[IN_USE_REASON_MAX];
	uint8_t state;
};

static void question_step(void *to, size_t i)
{
	struct question *q = to;
	_cleanup_(in_use_done) struct in_use u;

	(void)i;
	in_use_ask(&u, q->s, q->addr, q->live);
	q->kind = u.kind;
	(void)str_copy(q->reason, sizeof(q->reason), u.reason);
}

static unsigned question_timeout_ms(void *to, size_t i)
{
	(void)to;
	(void)i;
	return TIMEOUT_MS;
}

enum in_use_kind in_use_look(
	struct sysfs *s, struct pci_addr addr, bool live, char reason[static IN_USE_REASON_MAX])
{
	struct question *q = steps_shared(sizeof(*q));
	struct err err = {"out of memory"};

	if (q) {
		*q = (struct question){.s = s, .addr = addr, .live = live};
		const struct steps list = {.n = 1,
			.run = question_step,
			.timeout_ms = question_timeout_ms,
			.to = q,
			.state = &q->state};
		err = (struct err){"it does not answer"};
		if (steps_run(&list, steps_now() + TIMEOUT_MS, &err) == 0 &&
			q->state == STEP_DONE) {
			(void)str_copy(reason, IN_USE_REASON_MAX, q->reason);
			return q->kind;
		}
	}
	(void)snprintf(reason, IN_USE_REASON_MAX, "whether it is used can't be found out: %.100s",
		err.text);
	return IN_USE_CLAIMED;
}
