/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/attached.h"

#include "base/array.h"
#include "base/str.h"
#include "host/blockdev.h"
#include "host/host_snapshot.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds the disks, with their uses from the mounts and swaps in the notes. Returns 0 or -ENOMEM. */
static int attached_gather_block(struct attached_list *list, struct sysfs *s,
	const struct host_snapshot *notes) _must_check_;

/* ---- attached ----------------------------------------------------------------------------------
 */

/* More than the largest machine has; -ENOMEM beyond it. */
#define ATTACHED_MAX 65536

/* Adds a copy, which takes over b->uses. Returns 0, or -ENOMEM: then the caller still owns
 * b->uses. */
static int attached_add(struct attached_list *list, const struct attached *b)
{
	struct attached *at = list->n < ATTACHED_MAX
				      ? array_grow(list->at, list->n, &list->size, sizeof(*at))
				      : NULL;

	if (!at)
		return -ENOMEM;
	list->at = at;
	list->at[list->n++] = *b;
	return 0;
}

void attached_done(struct attached *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(at[i].uses);
	free(at);
}

const struct attached *attached_of(
	const struct attached *at, size_t n, struct pci_addr addr, size_t *ret_n)
{
	size_t first = 0, found = 0;

	for (size_t end = n; first < end;) {
		size_t middle = first + (end - first) / 2;
		if (pci_addr_compare(at[middle].addr, addr) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	while (first + found < n && pci_addr_compare(at[first + found].addr, addr) == 0)
		found++;
	*ret_n = found;
	return found ? &at[first] : NULL;
}

/* " (/ /home)", or for a disk without uses " (part of md0)" */
static void format_uses(const struct attached *b, struct text *t)
{
	for (const char *use = b->uses; use && *use; use += strlen(use) + 1)
		text_print(t, "%s%s", use == b->uses ? " (" : " ", use);
	if (b->uses)
		text_print(t, ")");
	else if (b->holders[0])
		text_print(t, " (part of %s)", b->holders);
}

void attached_format(const struct attached *b, struct text *t)
{
	switch (b->kind) {
	case ATTACHED_BLOCK:
		text_print(t, "%s", b->name);
		break;
	case ATTACHED_NET:
		text_print(t, "%s %s", b->name, b->up ? "up" : "down");
		break;
	case ATTACHED_USB:
		text_print(t, "%s", b->what[0] ? b->what : b->id);
		break;
	case ATTACHED_CONNECTOR:
		text_print(t, "screen on %s%s", b->name, b->up ? "" : ", dark");
		break;
	}
	format_uses(b, t);
}

/* ---- block -------------------------------------------------------------------------------------
 */

struct block_look {
	struct sysfs *s;
	struct attached_list *list;
	struct blockdev_mounts mounts;
	struct text uses; /* of the current disk, each ended by NUL */
	char *holders;    /* struct attached's, of the current disk */
	const char *disk; /* with several paths: the name of the disk */
};

static bool has_use(const struct text *uses, const char *point)
{
	for (size_t at = 0; at < uses->len; at += strlen(uses->data + at) + 1)
		if (str_equal(uses->data + at, point))
			return true;
	return false;
}

/* Adds the name, once, if there is room. */
static void add_holder(struct block_look *l, const char *name)
{
	const size_t size = sizeof(((struct attached *)NULL)->holders);
	size_t used = strlen(l->holders), len = strlen(name);

	for (const char *at = l->holders; (at = strstr(at, name)); at++)
		if ((at == l->holders || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return;
	if (used + len + 2 > size)
		return;
	if (used > 0)
		l->holders[used++] = ' ';
	(void)str_copy(l->holders + used, size - used, name);
}

static int add_use(const struct blockdev_use *use, void *to)
{
	struct block_look *l = to;
	const char *point = use->mount ? use->mount->point : ATTACHED_SWAP;

	if (use->holder)
		add_holder(l, use->name);
	else if (!has_use(&l->uses, point))
		text_add(&l->uses, point, strlen(point) + 1);
	return 0;
}

static int add_disk(struct block_look *l, const char *name, struct pci_addr addr)
{
	struct attached b = {.kind = ATTACHED_BLOCK, .addr = addr};
	char text[32];

	(void)str_copy(b.name, sizeof(b.name), name);
	if (sysfs_path_read(l->s, b.what, sizeof(b.what), "class/block/%s/device/model", name) < 0)
		(void)sysfs_path_read(
			l->s, b.what, sizeof(b.what), "class/block/%s/device/name", name);
	if (sysfs_path_read(l->s, text, sizeof(text), "class/block/%s/size", name) > 0)
		b.bytes = strtoull(text, NULL, 10) * 512;
	l->uses = (struct text){0};
	l->holders = b.holders;
	int r = blockdev_uses(l->s, &l->mounts, name, add_use, l);
	if (l->uses.len > 0)
		text_add(&l->uses, "", 1);
	b.uses = l->uses.data;
	if (r == 0)
		r = l->uses.failed ? -ENOMEM : attached_add(l->list, &b);
	if (r < 0)
		free(b.uses);
	return r;
}

static int scan_controller(const char *path, void *to)
{
	struct block_look *l = to;
	char target[SYSFS_PATH_MAX];
	struct pci_addr addr;

	if (sysfs_path_link(l->s, target, sizeof(target), "%s", path) < 0 ||
		!sysfs_path_owner(target, &addr))
		return 0;
	return add_disk(l, l->disk, addr);
}

/* A disk with several paths belongs to the controllers of its subsystem. */
static int scan_paths(struct block_look *l, const char *name)
{
	char directory[DEVPATH_MAX];

	l->disk = name;
	return blockdev_directory(l->s, name, directory)
		       ? blockdev_controllers(l->s, directory, scan_controller, l)
		       : 0;
}

static int scan_block(const char *name, void *to)
{
	struct block_look *l = to;
	char target[SYSFS_PATH_MAX], hidden[4];
	struct pci_addr addr;

	if (sysfs_path_link(l->s, target, sizeof(target), "class/block/%s", name) < 0 ||
		blockdev_is_partition(l->s, name))
		return 0;
	/* nvme0c0n1 is one path to nvme0n1, not a disk */
	if (sysfs_path_read(l->s, hidden, sizeof(hidden), "class/block/%s/hidden", name) > 0 &&
		hidden[0] == '1')
		return 0;
	return sysfs_path_owner(target, &addr) ? add_disk(l, name, addr) : scan_paths(l, name);
}

static int attached_gather_block(
	struct attached_list *list, struct sysfs *s, const struct host_snapshot *notes)
{
	struct block_look l = {.s = s, .list = list};
	int r = blockdev_mounts_parse(&l.mounts, notes->mountinfo, notes->swaps);

	if (r == 0)
		r = sysfs_path_each(s, "class/block", scan_block, &l);
	blockdev_mounts_done(&l.mounts);
	return r;
}

/* ---- gather ------------------------------------------------------------------------------------
 */

struct look {
	struct sysfs *s;
	const struct host_snapshot *notes;
	struct attached_list *list;
};

/* The addresses of an interface in the notes, each ended by NUL. */
static void add_addresses(struct text *t, const struct host_snapshot *notes, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = notes->addresses; line && *line;) {
		size_t end = strcspn(line, "\n");
		if (end > len && memcmp(line, name, len) == 0 && line[len] == ' ') {
			text_add(t, line + len + 1, end - len - 1);
			text_add(t, "", 1);
		}
		line += end + (line[end] == '\n');
	}
}

/* A port of a bridge or bond has no addresses of its own: its master has them. */
static int scan_net(const char *name, void *to)
{
	const struct look *l = to;
	struct attached b = {.kind = ATTACHED_NET};
	char text[SYSFS_PATH_MAX];
	struct text uses = {0};

	if (sysfs_path_link(l->s, text, sizeof(text), "class/net/%s", name) < 0 ||
		!sysfs_path_owner(text, &b.addr))
		return 0;
	(void)str_copy(b.name, sizeof(b.name), name);
	(void)sysfs_path_read(l->s, text, sizeof(text), "class/net/%s/operstate", name);
	b.up = str_equal(text, "up");
	add_addresses(&uses, l->notes, name);
	if (sysfs_path_link(l->s, text, sizeof(text), "class/net/%s/master", name) > 0) {
		const char *slash = strrchr(text, '/');
		(void)str_copy(b.what, sizeof(b.what), slash ? slash + 1 : text);
		add_addresses(&uses, l->notes, b.what);
	}
	if (uses.len > 0)
		text_add(&uses, "", 1);
	b.uses = uses.data;
	int r = uses.failed ? -ENOMEM : attached_add(l->list, &b);
	if (r < 0)
		free(b.uses);
	return r;
}

static void read_product(struct sysfs *s, const char *name, char *buf, size_t size)
{
	char maker[48], product[48];

	(void)sysfs_path_read(s, maker, sizeof(maker), "bus/usb/devices/%s/manufacturer", name);
	(void)sysfs_path_read(s, product, sizeof(product), "bus/usb/devices/%s/product", name);
	(void)snprintf(buf, size, "%s%s%s", maker, *maker && *product ? " " : "", product);
}

/* "usb1" is a root hub, "1-2:1.0" an interface of the device "1-2". */
static int scan_usb(const char *name, void *to)
{
	const struct look *l = to;
	struct attached b = {.kind = ATTACHED_USB};
	char text[SYSFS_PATH_MAX], vendor[8], product[8];

	if (str_starts(name, "usb") || strchr(name, ':') ||
		sysfs_path_link(l->s, text, sizeof(text), "bus/usb/devices/%s", name) < 0 ||
		!sysfs_path_owner(text, &b.addr))
		return 0;
	(void)str_copy(b.name, sizeof(b.name), name);
	read_product(l->s, name, b.what, sizeof(b.what));
	(void)sysfs_path_read(l->s, vendor, sizeof(vendor), "bus/usb/devices/%s/idVendor", name);
	(void)sysfs_path_read(l->s, product, sizeof(product), "bus/usb/devices/%s/idProduct", name);
	(void)snprintf(b.id, sizeof(b.id), "%.4s:%.4s", vendor, product);
	return attached_add(l->list, &b);
}

/* "card0-HDMI-A-1" is a connector of the card; the files return what the driver found at its last
 * probe (status_show, modes_show in drivers/gpu/drm/drm_sysfs.c). */
static int scan_connector(const char *name, void *to)
{
	const struct look *l = to;
	struct attached b = {.kind = ATTACHED_CONNECTOR};
	const char *connector = strchr(name, '-');
	char text[SYSFS_PATH_MAX];

	if (!connector ||
		sysfs_path_read(l->s, text, sizeof(text), "class/drm/%s/status", name) < 0 ||
		!str_equal(text, "connected") ||
		sysfs_path_link(l->s, text, sizeof(text), "class/drm/%s", name) < 0 ||
		!sysfs_path_owner(text, &b.addr))
		return 0;
	(void)str_copy(b.name, sizeof(b.name), connector + 1);
	(void)sysfs_path_read(l->s, b.what, sizeof(b.what), "class/drm/%s/modes", name);
	b.what[strcspn(b.what, "\n")] = '\0';
	(void)sysfs_path_read(l->s, text, sizeof(text), "class/drm/%s/enabled", name);
	b.up = str_equal(text, "enabled");
	return attached_add(l->list, &b);
}

static int attached_compare(const void *a, const void *b)
{
	const struct attached *x = a, *y = b;
	int order = pci_addr_compare(x->addr, y->addr);

	if (order == 0)
		order = (int)x->kind - (int)y->kind;
	return order != 0 ? order : strverscmp(x->name, y->name);
}

int attached_gather(struct attached_list *ret, struct sysfs *s, const struct host_snapshot *notes,
	struct err *err)
{
	struct attached_list list = {0};
	struct look l = {s, notes, &list};
	int r = attached_gather_block(&list, s, notes);

	if (r == 0)
		r = sysfs_path_each(s, "class/net", scan_net, &l);
	if (r == 0)
		r = sysfs_path_each(s, "bus/usb/devices", scan_usb, &l);
	if (r == 0)
		r = sysfs_path_each(s, "class/drm", scan_connector, &l);
	if (r < 0) {
		attached_done(list.at, list.n);
		return err_set(err, -r, "out of memory for the devices attached to PCI functions");
	}
	if (list.n > 1)
		qsort(list.at, list.n, sizeof(*list.at), attached_compare);
	*ret = list;
	return 0;
}
