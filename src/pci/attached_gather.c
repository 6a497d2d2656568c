/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/attached_gather.h"

#include "base/str.h"
#include "pci/attached_block.h"
#include "pci/sysfs_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
	struct sysfs *s;
	const struct host_snapshot *notes;
	struct attached_list *list;
};

/* The addresses that the notes have for an interface, each ended by NUL. */
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

/* Part of a bridge or bond, an interface has no addresses of its own: its master has them. */
static int look_net(const char *name, void *to)
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
static int look_usb(const char *name, void *to)
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

/* "card0-HDMI-A-1" is a connector of the card; what its driver found at the last look is all that
 * is asked (status_show, modes_show in drivers/gpu/drm/drm_sysfs.c). */
static int look_screen(const char *name, void *to)
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
		r = sysfs_path_each(s, "class/net", look_net, &l);
	if (r == 0)
		r = sysfs_path_each(s, "bus/usb/devices", look_usb, &l);
	if (r == 0)
		r = sysfs_path_each(s, "class/drm", look_screen, &l);
	if (r < 0) {
		attached_done(list.at, list.n);
		return err_set(err, -r, "out of memory for the devices attached to PCI functions");
	}
	if (list.n > 1)
		qsort(list.at, list.n, sizeof(*list.at), attached_compare);
	*ret = list;
	return 0;
}
