/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/prev_driver.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/release.h"
#include "core/released.h"
#include "core/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTE_NAME "host-driver"
#define NOTE_MAX 128
#define NO_MODULE "-"

static char *directory_of(const char *dir, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX], *path = NULL;

	return asprintf(&path, "%s/%s", dir, pci_addr_format(addr, address)) < 0 ? NULL : path;
}

static char *note_of(const char *dir, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX], *path = NULL;

	return asprintf(&path, "%s/%s/" NOTE_NAME, dir, pci_addr_format(addr, address)) < 0 ? NULL
											    : path;
}

int prev_driver_save(const char *dir, struct sysfs *s, const struct device *d, struct err *err)
{
	char module[sizeof((struct prev_driver){0}.module)], id[PCI_ID_MAX], line[NOTE_MAX];

	if (!d->driver[0] || release_is_vfio(d->driver))
		return 0;
	if (sysfs_link(s, d->addr, "driver/module", module, sizeof(module)) <= 0)
		(void)str_copy(module, sizeof(module), NO_MODULE);
	int len = snprintf(
		line, sizeof(line), "%s %s %s\n", pci_id_format(&d->id, id), module, d->driver);

	_cleanup_(str_free) char *path = directory_of(dir, d->addr);
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	_cleanup_(fd_close) int fd = report_dir_open(path, err);
	if (fd < 0)
		return fd;
	return file_replace_volatile(fd, NOTE_NAME, line, (size_t)len, 0644, err);
}

/* The word becomes part of a path below /sys, or a module name. */
static bool is_name(const char *word, size_t size)
{
	return word && *word && strlen(word) < size && *word != '.' && !strchr(word, '/');
}

static bool parse(char *line, struct prev_driver *ret, struct pci_id *ret_id)
{
	size_t end = strcspn(line, "\n");

	if (!str_equal(line + end, "\n"))
		return false;
	line[end] = '\0';
	/* A driver's name may contain a blank, so it comes last. */
	const char *id = strsep(&line, " "), *module = strsep(&line, " "), *driver = line;
	if (!pci_id_parse(id, ret_id) || !is_name(module, sizeof(ret->module)) ||
		!is_name(driver, sizeof(ret->driver)) || release_is_vfio(driver))
		return false;
	(void)str_copy(ret->driver, sizeof(ret->driver), driver);
	(void)str_copy(
		ret->module, sizeof(ret->module), str_equal(module, NO_MODULE) ? "" : module);
	return true;
}

int prev_driver_read(
	struct prev_driver *ret, const char *dir, const struct device *d, struct err *err)
{
	_cleanup_(str_free) char *file = note_of(dir, d->addr), *line = NULL;
	struct prev_driver found;
	struct pci_id id;
	size_t len;

	*ret = (struct prev_driver){0};
	if (!file)
		return err_set(err, ENOMEM, "out of memory");
	int r = file_read(AT_FDCWD, file, NOTE_MAX, &line, &len, err);
	if (r == -ENOENT) {
		*err = (struct err){""};
		return 0;
	}
	if (r < 0)
		return r;
	if (strlen(line) != len || !parse(line, &found, &id))
		return err_set(
			err, EINVAL, "%s: does not name a device, a module and a driver", file);
	if (!pci_id_matches(&id, &d->id))
		return err_set(
			err, ESTALE, "%s: is of another device, which was there before", file);
	*ret = found;
	return 0;
}

void prev_driver_remove(const char *dir, struct pci_addr addr)
{
	_cleanup_(str_free) char *file = note_of(dir, addr);

	if (file)
		(void)unlink(file);
}

/* A release that finds no note leaves it to the kernel, so that stops nothing. */
void prev_driver_save_all(const char *dir, const struct plan *p, struct sysfs *s)
{
	char address[PCI_ADDR_MAX];
	struct err err = {""};

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action == ACTION_BIND && prev_driver_save(dir, s, v->device, &err) < 0)
			log_print(LOG_WARNING,
				"%s: that it was on %s is not noted for `release`: %s",
				pci_addr_format(v->device->addr, address), v->device->driver,
				err.text);
	}
}

void prev_driver_after_bind(
	const char *dir, const struct plan *p, const struct apply_result *outcomes)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->verdicts[i].action != ACTION_BIND)
			continue;
		if (outcomes[i].holds)
			released_end(dir, p->verdicts[i].device->addr);
		else if (outcomes[i].after[0] && !release_is_vfio(outcomes[i].after))
			prev_driver_remove(dir, p->verdicts[i].device->addr);
	}
}
