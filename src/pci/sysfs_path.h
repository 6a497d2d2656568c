/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_SYSFS_PATH_H
#define PCI_SYSFS_PATH_H

#include "base/err.h"
#include "pci/sysfs.h"

/*
 * Reads anything below /sys by its path from there ("class/block/sda/size"), for output to people.
 * Boot reads attributes of PCI functions only, through pci/sysfs.
 */
#define SYSFS_PATH_MAX 512

/* The file's text without its final newline, cut at the buffer; returns its length or -errno. */
ssize_t sysfs_path_read(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);

/* The whole target of a link; returns its length or -errno. */
ssize_t sysfs_path_link(struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
	_printf_(4, 5);

bool sysfs_path_exists(struct sysfs *s, const char *fmt, ...) _printf_(2, 3);

/*
 * Calls each(name, to) for each entry of a directory, in version order (nvme2n1 before nvme10n1).
 * Stops at the first non-zero result and returns it; a directory that does not exist has no
 * entries. -ENOMEM.
 */
int sysfs_path_each(struct sysfs *s, const char *path, int (*each)(const char *name, void *to),
	void *to) _must_check_;

/* A whole file, which the caller frees; NULL if there is none or it is too large. */
char *sysfs_path_text(struct sysfs *s, const char *path);

/*
 * The PCI function that a device belongs to, from the target of a link in /sys/class: the last
 * address in it. False if there is none (a virtual device).
 */
bool sysfs_path_owner(const char *target, struct pci_addr *ret);

#endif
