/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/devpath.h"

#include "base/str.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

ssize_t devpath_of(struct sysfs *s, const char *link, char buf[static DEVPATH_MAX])
{
	char target[DEVPATH_MAX];
	ssize_t n = sysfs_path_link(s, target, sizeof(target), "%s", link);

	if (n < 0)
		return n;
	/* The kernel's links are relative, all steps up first (kernfs_get_target_path). */
	const char *rest = target, *slash = strrchr(link, '/');
	size_t stay = slash ? (size_t)(slash - link) : 0;
	for (; str_starts(rest, "../"); rest += strlen("../"))
		while (stay > 0 && link[--stay] != '/')
			;
	int len = snprintf(buf, DEVPATH_MAX, "%.*s%s%s", (int)stay, link, stay ? "/" : "", rest);
	if (len < 0 || len >= DEVPATH_MAX)
		return -ENAMETOOLONG;
	return str_starts(buf, "devices/") ? len : -ENOENT;
}

ssize_t devpath_of_function(struct sysfs *s, struct pci_addr addr, char buf[static DEVPATH_MAX])
{
	char link[sizeof("bus/pci/devices/") + PCI_ADDR_MAX], text[PCI_ADDR_MAX];

	(void)snprintf(link, sizeof(link), "bus/pci/devices/%s", pci_addr_format(addr, text));
	return devpath_of(s, link, buf);
}

bool devpath_next(const char **path, struct pci_addr *ret)
{
	char part[PCI_ADDR_MAX];

	for (const char *p = *path; *p != '\0';) {
		size_t len = strcspn(p, "/");
		bool fits = len < sizeof(part);
		if (fits) {
			memcpy(part, p, len);
			part[len] = '\0';
		}
		p += len + (p[len] == '/');
		*path = p;
		/* With its domain, as the kernel writes it. */
		if (fits && strchr(part, ':') != strrchr(part, ':') && pci_addr_parse(part, ret))
			return true;
	}
	return false;
}

const char *devpath_format(const char *path, struct pci_addr to, char *buf, size_t size)
{
	size_t len = 0;
	struct pci_addr step;

	while (len < size && devpath_next(&path, &step)) {
		/* Below a VMD controller another domain begins, with a root bus of its own. */
		if (step.domain != to.domain)
			continue;
		if (len == 0)
			len = (size_t)snprintf(buf, size, "%04x:%02x:%02x.%x", step.domain,
				step.bus, step.device, step.function);
		else
			len += (size_t)snprintf(
				buf + len, size - len, "/%02x.%x", step.device, step.function);
		if (len < size && pci_addr_compare(step, to) == 0)
			return buf;
	}
	buf[0] = '\0';
	return buf;
}
