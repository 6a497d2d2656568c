/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/finder.h"

#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void finder_look_for(struct finder *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
}

void finder_each(
	struct finder *f, const char *path, int (*each)(const char *name, void *to), void *to)
{
	if (sysfs_path_each(f->sysfs, path, each, to) == -ENOMEM)
		f->no_memory = true;
}

bool finder_read(struct finder *f, const char *path, char **ret)
{
	size_t len;
	int r = file_read(f->root, path, FINDER_FILE_MAX, ret, &len, NULL);

	if (r == -ENOMEM)
		f->no_memory = true;
	return r == 0;
}

static void keep_one(struct finder *f, enum keep_kind kind, const struct device *d,
	const char *device, const char *why)
{
	struct kept one = {.kind = kind, .addr = d->addr, .class = d->class};
	char way[SELECTOR_TEXT_MAX];

	one.id = (struct pci_id){d->id.vendor, d->id.device, PCI_ANY, PCI_ANY};
	devpath_format(device, d->addr, way, sizeof(way));
	keep_set_way(&one, way);
	(void)str_copy(one.why, sizeof(one.why), why);
	f->no_memory |= keep_add(f->keep, &one) < 0;
}

/* The functions on a path, without what they depend on. */
static unsigned keep_path(
	struct finder *f, enum keep_kind kind, const char *device, const char *why)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	struct pci_addr addr;
	unsigned n = 0;

	for (const char *p = device; devpath_next(&p, &addr);) {
		if (scan_one(f->sysfs, addr, &list, NULL) <= 0)
			continue;
		const struct device *d = device_find(&list, addr);
		if (device_is_bridge(d) || d->class >> 16 == PCI_BASE_BRIDGE)
			continue;
		keep_one(f, kind, d, device, why);
		n++;
	}
	return n;
}

struct supply {
	struct finder *f;
	enum keep_kind kind;
	const char *why;
};

static void keep_supplier(const struct supply *s, const char *address)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "bus/pci/devices/%.32s", address);
	if (devpath_of(s->f->sysfs, path, device) > 0)
		(void)keep_path(s->f, s->kind, device, s->why);
}

/* "supplier:pci:0000:00:0d.2" (device_link_add in drivers/base/core.c): the ports of Thunderbolt
 * have their host interface for one (tb_acpi_add_links in drivers/thunderbolt/acpi.c). */
static int each_link(const char *name, void *to)
{
	static const char prefix[] = "supplier:pci:";

	if (str_starts(name, prefix))
		keep_supplier(to, name + strlen(prefix));
	return 0;
}

static int each_controller(const char *name, void *to)
{
	if (strchr(name, ':'))
		keep_supplier(to, name);
	return 0;
}

static void keep_suppliers(struct supply *s, struct pci_addr addr)
{
	char path[SYSFS_PATH_MAX], address[PCI_ADDR_MAX], text[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "bus/pci/devices/%s", pci_addr_format(addr, address));
	finder_each(s->f, path, each_link, s);
	if (sysfs_path_link(s->f->sysfs, text, sizeof(text), "%s/physfn", path) > 0)
		keep_supplier(s, strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
	/* Of older controllers nothing says which port is whose (Documentation/ABI/testing/
	 * sysfs-devices-removable). */
	if (sysfs_path_read(s->f->sysfs, text, sizeof(text), "%s/removable", path) > 0 &&
		str_equal(text, "removable"))
		finder_each(s->f, "bus/pci/drivers/thunderbolt", each_controller, s);
}

unsigned finder_keep(struct finder *f, enum keep_kind kind, const char *device, const char *why)
{
	struct supply s = {f, kind, why};
	struct pci_addr addr;
	unsigned n = keep_path(f, kind, device, why);

	for (const char *p = device; devpath_next(&p, &addr);)
		keep_suppliers(&s, addr);
	return n;
}

void finder_need_network(struct finder *f, const struct remote *r)
{
	if (f->n_remotes == REMOTES_MAX) {
		keep_doubt(f->keep, DOUBT_NETWORK, "more than %d things come over the network",
			REMOTES_MAX);
		return;
	}
	f->remotes[f->n_remotes] = *r;
	(void)str_copy(f->remotes[f->n_remotes++].what, FINDER_WHAT_MAX, f->what);
}

/* Is the disk named for the first time, in this way? */
static bool first_need(struct finder *f, enum need_kind kind, const char *disk)
{
	char key[DISK_NAME_SIZE + 3];

	(void)snprintf(key, sizeof(key), "\n%s%s\n", kind == NEED_PART ? "=" : "", disk);
	if (f->seen.data && strstr(f->seen.data, key))
		return false;
	text_print(&f->seen, "%s", key);
	f->no_memory |= f->seen.failed;
	return true;
}

void finder_need(struct finder *f, enum need_kind kind, const char *name)
{
	struct need need = {.kind = kind};

	if ((kind == NEED_DISK || kind == NEED_PART) && !first_need(f, kind, name))
		return;
	if (f->n_needs == FINDER_NEEDS_MAX) {
		keep_unknown(f->keep, "%s: it stands on more than %d disks and layers", f->what,
			FINDER_NEEDS_MAX);
		return;
	}
	need.name = strdup(name);
	struct need *at = need.name ? reallocarray(f->needs, f->n_needs + 1, sizeof(*at)) : NULL;
	if (!at) {
		free(need.name);
		f->no_memory = true;
		return;
	}
	(void)str_copy(need.what, sizeof(need.what), f->what);
	f->needs = at;
	f->needs[f->n_needs++] = need;
}

bool finder_next(struct finder *f, struct need *ret)
{
	if (f->next == f->n_needs)
		return false;
	*ret = f->needs[f->next];
	f->needs[f->next++].name = NULL;
	return true;
}

void need_done(struct need *need)
{
	free(need->name);
	need->name = NULL;
}

void finder_done(struct finder *f)
{
	for (size_t i = 0; i < f->n_needs; i++)
		need_done(&f->needs[i]);
	free(f->needs);
	mount_table_done(&f->mounts);
	text_done(&f->seen);
}
