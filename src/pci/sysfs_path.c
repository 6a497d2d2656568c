/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/sysfs_path.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (1024UL * 1024)

/* The one open descriptor is bus/pci/devices, a real directory three steps below /sys. */
#define UP "../../../"

/* The path follows UP in its buffer; len is the result of vsnprintf. */
#define UP_LEN (sizeof(UP) - 1)
static bool path_finish(char buf[static SYSFS_PATH_MAX], int len)
{
	memcpy(buf, UP, UP_LEN);
	return len >= 0 && (size_t)len < SYSFS_PATH_MAX - UP_LEN;
}

ssize_t sysfs_path_read(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(path + UP_LEN, sizeof(path) - UP_LEN, fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	if (!path_finish(path, len))
		return -ENAMETOOLONG;
	ssize_t n = file_read_small(s->devices, path, buf, size);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		buf[--n] = '\0';
	return n;
}

ssize_t sysfs_path_link(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(path + UP_LEN, sizeof(path) - UP_LEN, fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	if (!path_finish(path, len))
		return -ENAMETOOLONG;
	ssize_t n = readlinkat(s->devices, path, buf, size - 1);
	if (n < 0) {
		buf[0] = '\0';
		return -errno;
	}
	buf[n] = '\0';
	return (size_t)n == size - 1 ? -ENAMETOOLONG : n;
}

bool sysfs_path_exists(struct sysfs *s, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(path + UP_LEN, sizeof(path) - UP_LEN, fmt, ap);
	va_end(ap);
	return path_finish(path, len) && faccessat(s->devices, path, F_OK, 0) == 0;
}

int sysfs_path_each(
	struct sysfs *s, const char *path, int (*each)(const char *name, void *to), void *to)
{
	char full[SYSFS_PATH_MAX];
	_cleanup_(dir_names_done) struct dir_names names = {0};

	(void)snprintf(full, sizeof(full), UP "%s", path);
	int r = dir_list(&names, s->devices, full, NULL, strverscmp);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = each(names.at[i], to);
	return r;
}

char *sysfs_path_text(struct sysfs *s, const char *path)
{
	char full[SYSFS_PATH_MAX], *text = NULL;
	size_t len;

	(void)snprintf(full, sizeof(full), UP "%s", path);
	return file_read(s->devices, full, TEXT_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

bool sysfs_path_owner(const char *target, struct pci_addr *ret)
{
	bool found = false;

	for (const char *at = target; at; at = strchr(at, '/')) {
		char part[PCI_ADDR_MAX];
		at += *at == '/';
		size_t len = strcspn(at, "/");
		if (len >= sizeof(part))
			continue;
		memcpy(part, at, len);
		part[len] = '\0';
		/* pci_addr_parse also reads an address without a domain, which no directory has. */
		const char *colon = strchr(part, ':');
		if (colon && strchr(colon + 1, ':') && pci_addr_parse(part, ret))
			found = true;
	}
	return found;
}
