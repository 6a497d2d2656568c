/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/hostdevs_search.h"

#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hostdevs_search_for(struct hostdevs_search *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
}

void hostdevs_search_each(struct hostdevs_search *f, const char *path,
	int (*each)(const char *name, void *to), void *to)
{
	if (sysfs_path_each(f->sysfs, path, each, to) == -ENOMEM)
		f->no_memory = true;
}

bool hostdevs_search_read(struct hostdevs_search *f, const char *path, char **ret)
{
	size_t len;
	int r = file_read(f->root, path, HOSTDEVS_FILE_MAX, ret, &len, NULL);

	if (r == -ENOMEM)
		f->no_memory = true;
	return r == 0;
}

static void keep_one(struct hostdevs_search *f, enum protected_kind kind, const struct device *d,
	const char *device, const char *why)
{
	struct protected_dev one = {.kind = kind, .addr = d->addr, .class = d->class};
	char way[SELECTOR_TEXT_MAX];

	one.id = (struct pci_id){d->id.vendor, d->id.device, PCI_ANY, PCI_ANY};
	devpath_format(device, d->addr, way, sizeof(way));
	protected_set_path(&one, way);
	(void)str_copy(one.why, sizeof(one.why), why);
	f->no_memory |= protected_add(f->keep, &one) < 0;
}

/* The functions on a path, without what they depend on. */
static unsigned keep_path(
	struct hostdevs_search *f, enum protected_kind kind, const char *device, const char *why)
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
	struct hostdevs_search *f;
	enum protected_kind kind;
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
	hostdevs_search_each(s->f, path, each_link, s);
	if (sysfs_path_link(s->f->sysfs, text, sizeof(text), "%s/physfn", path) > 0)
		keep_supplier(s, strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
	/* Of older controllers nothing says which port is whose (Documentation/ABI/testing/
	 * sysfs-devices-removable). */
	if (sysfs_path_read(s->f->sysfs, text, sizeof(text), "%s/removable", path) > 0 &&
		str_equal(text, "removable"))
		hostdevs_search_each(s->f, "bus/pci/drivers/thunderbolt", each_controller, s);
}

unsigned hostdevs_search_protect(
	struct hostdevs_search *f, enum protected_kind kind, const char *device, const char *why)
{
	struct supply s = {f, kind, why};
	struct pci_addr addr;
	unsigned n = keep_path(f, kind, device, why);

	for (const char *p = device; devpath_next(&p, &addr);)
		keep_suppliers(&s, addr);
	return n;
}

void hostdevs_search_need_network(struct hostdevs_search *f, const struct remote *r)
{
	if (f->n_remotes == REMOTES_MAX) {
		protected_set_unknown_kind(f->keep, UNKNOWN_NETWORK,
			"more than %d things come over the network", REMOTES_MAX);
		return;
	}
	f->remotes[f->n_remotes] = *r;
	(void)str_copy(f->remotes[f->n_remotes++].what, HOSTDEVS_WHAT_MAX, f->what);
}

/* Is the disk named for the first time, in this way? */
static bool first_need(struct hostdevs_search *f, enum pending_kind kind, const char *disk)
{
	char key[DISK_NAME_SIZE + 3];

	(void)snprintf(key, sizeof(key), "\n%s%s\n", kind == PENDING_PART ? "=" : "", disk);
	if (f->seen.data && strstr(f->seen.data, key))
		return false;
	text_print(&f->seen, "%s", key);
	f->no_memory |= f->seen.failed;
	return true;
}

void hostdevs_search_need(struct hostdevs_search *f, enum pending_kind kind, const char *name)
{
	struct pending need = {.kind = kind};

	if ((kind == PENDING_DISK || kind == PENDING_PART) && !first_need(f, kind, name))
		return;
	if (f->n_needs == HOSTDEVS_NEEDS_MAX) {
		protected_set_unknown(f->keep, "%s: it is on more than %d disks and layers",
			f->what, HOSTDEVS_NEEDS_MAX);
		return;
	}
	need.name = strdup(name);
	struct pending *at = need.name ? reallocarray(f->needs, f->n_needs + 1, sizeof(*at)) : NULL;
	if (!at) {
		free(need.name);
		f->no_memory = true;
		return;
	}
	(void)str_copy(need.what, sizeof(need.what), f->what);
	f->needs = at;
	f->needs[f->n_needs++] = need;
}

bool hostdevs_search_next(struct hostdevs_search *f, struct pending *ret)
{
	if (f->next == f->n_needs)
		return false;
	*ret = f->needs[f->next];
	f->needs[f->next++].name = NULL;
	return true;
}

void pending_done(struct pending *need)
{
	free(need->name);
	need->name = NULL;
}

void hostdevs_search_done(struct hostdevs_search *f)
{
	for (size_t i = 0; i < f->n_needs; i++)
		pending_done(&f->needs[i]);
	free(f->needs);
	mount_table_done(&f->mounts);
	text_done(&f->seen);
}
