/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/variants.h"

#include "base/array.h"
#include "base/file.h"
#include "core/kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* What a kernel's modules.alias and modules.dep say of drivers for VMs. */
struct variant_index {
	char *aliases, *needs; /* the files' texts; the first has its lines ended by NUL */
	size_t aliases_len;
	char **of_vfio; /* the lines "alias vfio_pci:PATTERN MODULE" but vfio-pci's own */
	size_t n_of_vfio, size_of_vfio;
};

/* A distribution's modules.alias has 2 MB. */
#define INDEX_MAX (64UL * 1024 * 1024)

#define OF_VFIO "alias vfio_pci:"

/* ---- the index --------------------------------------------------------------------------------
 */

static int read_text(char **ret, size_t *ret_len, const char *directory, const char *name)
{
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	int r = file_read(AT_FDCWD, path, INDEX_MAX, ret, ret_len, NULL);
	return r == -ENOMEM ? r : 0;
}

/* The module at the end of "alias PATTERN MODULE". */
static const char *module_of(const char *line)
{
	const char *blank = strrchr(line, ' ');

	return blank ? blank + 1 : "";
}

static int add_line(struct variant_index *index, char *line)
{
	if (!str_starts(line, OF_VFIO) || module_same(module_of(line), "vfio-pci"))
		return 0;
	char **grown = array_grow(index->of_vfio, index->n_of_vfio, &index->size_of_vfio,
		sizeof(*grown)); // NOLINT(bugprone-sizeof-expression)
	if (!grown)
		return -ENOMEM;
	index->of_vfio = grown;
	index->of_vfio[index->n_of_vfio++] = line;
	return 0;
}

/* directory is the kernel's, /lib/modules/VERSION. A kernel without these files has no such driver.
 * 0 or -ENOMEM. To be emptied in each case. */
static int variant_index_open(struct variant_index *ret, const char *directory)
{
	*ret = (struct variant_index){0};
	size_t len;
	int r = read_text(&ret->aliases, &ret->aliases_len, directory, "modules.alias");
	char *rest = ret->aliases;

	for (char *line; r == 0 && (line = strsep(&rest, "\n"));)
		r = add_line(ret, line);
	if (r == 0)
		r = read_text(&ret->needs, &len, directory, "modules.dep");
	return r;
}

static void variant_index_done(struct variant_index *index)
{
	free(index->aliases);
	free(index->needs);
	free(index->of_vfio);
	*index = (struct variant_index){0};
}

/* ---- choice ------------------------------------------------------------------------------------
 */

static size_t wildcards(const char *pattern)
{
	size_t n = 0;

	for (; *pattern; pattern++)
		n += *pattern == '*';
	return n;
}

/* "kernel/drivers/…/mlx5-core.ko.xz" is this module. */
static bool is_file_of(const char *path, size_t len, const char *module)
{
	const char *end = path + len, *name = end;

	while (name > path && name[-1] != '/')
		name--;
	size_t n = strlen(module);
	if ((size_t)(end - name) < n + strlen(".ko") || strncmp(name + n, ".ko", 3) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((name[i] == '-' ? '_' : name[i]) != (module[i] == '-' ? '_' : module[i]))
			return false;
	return true;
}

/* The files that a module needs, from "kernel/a.ko: kernel/b.ko kernel/c.ko"; NULL: none known. */
static const char *needs_of(const struct variant_index *index, const char *module)
{
	for (const char *line = index->needs; line && *line;) {
		size_t colon = strcspn(line, ":\n");
		if (line[colon] == ':' && is_file_of(line, colon, module))
			return line + colon + 1;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

/* True if this list of files, ended by a newline, has the module. */
static bool list_has(const char *list, const char *module)
{
	while (*list == ' ') {
		size_t n = strcspn(++list, " \n");
		if (is_file_of(list, n, module))
			return true;
		list += n;
	}
	return false;
}

/* True if the module needs one that has an alias for PCI devices: a driver of the host. */
static bool needs_pci_driver(const struct variant_index *index, const char *module)
{
	const char *needs = needs_of(index, module);

	for (const char *line = index->aliases; needs && line < index->aliases + index->aliases_len;
		line += strlen(line) + 1)
		if (str_starts(line, "alias pci:") && list_has(needs, module_of(line)))
			return true;
	return false;
}

static const char *best_line(const struct variant_index *index, const char *alias)
{
	const char *best = NULL;
	size_t fewest = 0;

	for (size_t i = 0; i < index->n_of_vfio; i++) {
		const char *line = index->of_vfio[i], *pattern = line + strlen(OF_VFIO);
		char text[256];
		size_t len = strcspn(pattern, " ");
		if (len >= sizeof(text))
			continue;
		memcpy(text, pattern, len);
		text[len] = '\0';
		if (fnmatch(text, alias, 0) != 0 || (best && wildcards(text) >= fewest))
			continue;
		best = line;
		fewest = wildcards(text);
	}
	return best;
}

/*
 * The driver for a device: of the aliases of the bus "vfio_pci" that match its modalias
 * (fnmatch(3)) the one with the fewest wildcards, the first of several. libvirt chooses so
 * (virPCIDeviceFindBest- VFIOVariant in src/util/virpci.c), and the kernel documents it with
 * vfio_pci_core (PCI_DRIVER_OVERRIDE_DEVICE_VFIO in include/linux/pci.h). False if that is
 * vfio-pci.
 */
static bool variant_choose(
	const struct variant_index *index, const struct device *d, struct variant *ret)
{
	struct err err;

	*ret = (struct variant){.late = false};
	variant_alias(d, ret->alias);
	const char *line = best_line(index, ret->alias);
	if (!line || !parse_driver(module_of(line), ret->driver, &err))
		return false;
	ret->late = needs_pci_driver(index, ret->driver);
	return true;
}

/* ---- devices -----------------------------------------------------------------------------------
 */

int variants_of_host(struct variant_list *ret, const struct plan *p, const char *root)
{
	_cleanup_(variant_index_done) struct variant_index index = {0};
	_cleanup_(str_free) char *directory = NULL;
	struct utsname u;
	int r = 0;

	if (uname(&u) < 0 || asprintf(&directory, "%s/lib/modules/%s", root, u.release) < 0)
		return -ENOMEM;
	r = variant_index_open(&index, directory);
	for (size_t i = 0; r == 0 && index.n_of_vfio > 0 && i < p->n; i++) {
		struct variant one;
		if (!p->verdicts[i].automatic || !p->verdicts[i].device ||
			!variant_choose(&index, p->verdicts[i].device, &one))
			continue;
		one.late = false; /* the host has all drivers */
		r = variants_add(ret, &one);
	}
	return r;
}

static bool is_read(const struct device *d, const void *arg)
{
	(void)arg;
	return d->error == 0;
}

static int add_devices(struct variant_list *ret, const struct config *c, struct sysfs *s,
	const struct variant_index *index, struct err *err)
{
	_cleanup_(device_list_done) struct device_list all = {0};
	int r = scan_all(s, &all, false, is_read, NULL, err);

	scan_sort(&all); /* the same image, whatever the order of the directory is */
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct variant one;
		if (all.at[i].error < 0 || !variant_choose(index, &all.at[i], &one))
			continue;
		/* Of the profiles only that in effect is asked: what another may select counts. */
		int selected = c->n_profiles > 0 ? 1 : probe_may_match(c, s, all.at[i].addr, err);
		r = selected > 0 ? variants_add(ret, &one) : selected;
	}
	return r;
}

int variants_of_kernel(struct variant_list *ret, const struct config *c, const struct sysroot *w,
	const char *directory, struct err *err)
{
	_cleanup_(variant_index_done) struct variant_index index = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(str_free) char *below = NULL;
	struct err unread;

	int r = variant_index_open(&index, directory);
	if (r < 0 || (w->root && asprintf(&below, "%s/sys", w->root) < 0))
		return err_set(err, ENOMEM, "out of memory for the modules of %s", directory);
	for (size_t i = 0; i < c->n_settings; i++) {
		struct variant one = {.alias = VARIANT_ANY, .late = true};
		(void)str_copy(one.driver, sizeof(one.driver), c->settings[i].driver);
		if (needs_pci_driver(&index, one.driver) && variants_add(ret, &one) < 0)
			return err_set(err, ENOMEM, "out of memory for the drivers");
	}
	/* Without /sys, as in a chroot, no device is known. */
	if (index.n_of_vfio == 0 || sysfs_open(&s, w->sysfs ? w->sysfs : below, &unread) < 0)
		return 0;
	return add_devices(ret, c, &s, &index, err);
}
