/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file as pci.ids: each name is a part of a line of it and fits, whatever is asked for. */
#include "host/pciids.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void is_of_a_line(const char *name, size_t room, const uint8_t *data, size_t size)
{
	size_t len = strlen(name);

	must(len < room && !strchr(name, '\n'));
	must(len == 0 || memmem(data, size, name, len));
}

static void ask(struct pciids *n, const struct asked *a, const uint8_t *data, size_t size)
{
	const struct pci_id id = {a->vendor, a->device, a->subvendor, a->subdevice};
	char name[32];

	if (!pciids_vendor(n, a->vendor, name, sizeof(name)))
		must(name[0] == '\0');
	is_of_a_line(name, sizeof(name), data, size);
	if (!pciids_device(n, &id, name, sizeof(name)))
		must(name[0] == '\0');
	is_of_a_line(name, sizeof(name), data, size);
	if (!pciids_subsystem(n, &id, name, sizeof(name)))
		must(name[0] == '\0');
	is_of_a_line(name, sizeof(name), data, size);
	if (!pciids_class(n, a->class & 0xffffff, name, sizeof(name)))
		must(name[0] == '\0');
	is_of_a_line(name, sizeof(name), data, size);
}

/* The first bytes are what is asked for, the others the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct asked fixed[] = {
		{0x10de, 0x2204, 0x1458, 0x403b, 0x030000}, {0x8086, 0xa780, 0, 0, 0x0c0330}};
	char dir[] = "/tmp/vfio-bind-fuzz-XXXXXX", record[64], path[96];
	struct pciids names;
	struct asked a;

	if (size <= sizeof(a)) /* an empty file is none, and the machine's own is taken */
		return 0;
	memcpy(&a, data, sizeof(a));
	data += sizeof(a);
	size -= sizeof(a);
	must(mkdtemp(dir) != NULL);
	(void)snprintf(record, sizeof(record), "%s/record", dir);
	(void)snprintf(path, sizeof(path), "%s/pci.ids", record);
	must(mkdir(record, 0700) == 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
	pciids_open(&names, dir);
	ask(&names, &a, data, size);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		ask(&names, &fixed[i], data, size);
	pciids_close(&names);
	(void)unlink(path);
	(void)rmdir(record);
	(void)rmdir(dir);
	return 0;
}
