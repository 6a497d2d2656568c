/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/released.h"

#include "base/file.h"
#include "base/str.h"
#include "core/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE_NAME "released"
#define MODALIAS_MAX 128
#define PLACE_MAX 512

static bool place_of(
	char buf[static PLACE_MAX], const char *dir, struct pci_addr addr, const char *name)
{
	char address[PCI_ADDR_MAX];

	return (size_t)snprintf(buf, PLACE_MAX, "%s/%s%s", dir, pci_addr_format(addr, address),
		       name) < PLACE_MAX;
}

int released_note(const char *dir, struct sysfs *s, struct pci_addr addr, struct err *err)
{
	char place[PLACE_MAX], modalias[MODALIAS_MAX];
	ssize_t n = sysfs_read(s, addr, "modalias", modalias, sizeof(modalias));

	if (n < 0 || !place_of(place, dir, addr, ""))
		return err_set(
			err, n < 0 ? (int)-n : ENAMETOOLONG, "can't tell which device it is");
	_cleanup_(fd_close) int fd = report_dir_open(place, err);
	if (fd < 0)
		return fd;
	return file_replace_volatile(fd, NOTE_NAME, modalias, (size_t)n, 0644, err);
}

bool released_is(const char *dir, struct sysfs *s, struct pci_addr addr)
{
	char place[PLACE_MAX], modalias[MODALIAS_MAX], noted[MODALIAS_MAX];

	if (!place_of(place, dir, addr, "/" NOTE_NAME))
		return false;
	ssize_t n = file_read_small(AT_FDCWD, place, noted, sizeof(noted));
	if (n < 0)
		return n != -ENOENT && n != -ENOTDIR;
	return sysfs_read(s, addr, "modalias", modalias, sizeof(modalias)) < 0 ||
	       str_equal(noted, modalias);
}

void released_end(const char *dir, struct pci_addr addr)
{
	char place[PLACE_MAX];

	if (place_of(place, dir, addr, "/" NOTE_NAME))
		(void)unlink(place);
}

void released_refuse(struct plan *p, const char *dir, struct sysfs *s)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < p->n; i++) {
		struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND || !released_is(dir, s, v->device->addr))
			continue;
		v->action = ACTION_REFUSE;
		(void)snprintf(v->reason, sizeof(v->reason),
			"`vfio-bind release` gave it back to the host in this boot; `vfio-bind bind %s` takes it again",
			pci_addr_format(v->device->addr, address));
	}
}
