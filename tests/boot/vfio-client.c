/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-client ADDRESS...: opens each PCI function as a virtual machine does (Linux,
 * Documentation/driver-api/vfio.rst), maps what can be mapped of each BAR and reads from it, and
 * reads the others by their region. A line for each BAR, one for each function:
 *
 *   0000:01:00.0 bar 0 mapped 131072
 *   0000:01:00.0 bar 1: mmap: Device or resource busy
 *   0000:01:00.0 usable | 0000:01:00.0 unusable: REASON
 *
 * REASON is that of the first thing that failed. Exit status 0: all functions are usable; 1: one is
 * not; 2: usage. A call that does not return ends the program by SIGALRM after TIMEOUT_SECONDS.
 * Static, for a guest without libraries.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 20

/* A fault while a mapping is read: the kernel has no page for it, or the memory is disabled. */
static sigjmp_buf fault;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(fault, 1);
}

/* What one function is opened by; -1 where it is not open. */
struct client {
	const char *address;
	int container;
	int group;
	int device;
	char reason[160]; /* of the first failure; "" for none */
};

/* Notes WHAT with errno's sentence, unless an earlier reason is there. Returns -1. */
static int failed(struct client *c, const char *what)
{
	if (!c->reason[0])
		(void)snprintf(c->reason, sizeof(c->reason), "%s: %s", what, strerror(errno));
	return -1;
}

/* The number of the function's group, the last part of its link. NULL: it has none. */
static const char *group_of(const char *address, char *target, size_t size)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	ssize_t n = readlink(path, target, size - 1);
	if (n < 0)
		return NULL;
	target[n] = '\0';
	const char *last = strrchr(target, '/');
	return last ? last + 1 : target;
}

static int client_open(struct client *c)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	char target[PATH_MAX], path[PATH_MAX + sizeof("/dev/vfio/")];
	const char *group = group_of(c->address, target, sizeof(target));

	if (!group)
		return failed(c, "iommu_group");
	c->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (c->container < 0)
		return failed(c, "/dev/vfio/vfio");
	(void)snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	c->group = open(path, O_RDWR | O_CLOEXEC);
	if (c->group < 0)
		return failed(c, path);
	if (ioctl(c->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return failed(c, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		(void)snprintf(c->reason, sizeof(c->reason), "group %.16s is not viable", group);
		return -1;
	}
	if (ioctl(c->group, VFIO_GROUP_SET_CONTAINER, &c->container) < 0)
		return failed(c, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(c->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return failed(c, "VFIO_SET_IOMMU");
	c->device = ioctl(c->group, VFIO_GROUP_GET_DEVICE_FD, c->address);
	return c->device < 0 ? failed(c, "VFIO_GROUP_GET_DEVICE_FD") : 0;
}

/* The device goes before its group, the group before its container. */
static void client_close(struct client *c)
{
	const int fds[] = {c->device, c->group, c->container};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
}

/* A BAR answers only while the command register says so: what a VM's firmware writes. */
static int memory_enable(struct client *c)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX};
	uint16_t command;

	if (ioctl(c->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		return failed(c, "configuration space");
	off_t at = (off_t)info.offset + PCI_COMMAND;
	if (pread(c->device, &command, sizeof(command), at) != sizeof(command))
		return failed(c, "reading the command register");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_IO;
	if (pwrite(c->device, &command, sizeof(command), at) != sizeof(command))
		return failed(c, "writing the command register");
	return 0;
}

/* Prints what failed of a BAR, and notes it. */
static int bar_failed(struct client *c, unsigned bar, const char *what)
{
	char text[64];

	printf("%s bar %u: %s: %s\n", c->address, bar, what, strerror(errno));
	(void)snprintf(text, sizeof(text), "bar %u: %s", bar, what);
	return failed(c, text);
}

/* Maps SIZE bytes at OFFSET of the device and reads the first and the last word. */
static int area_map(struct client *c, unsigned bar, uint64_t offset, uint64_t size)
{
	volatile const uint32_t *map = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, c->device, (off_t)offset);
	int result = 0;

	if (map == MAP_FAILED)
		return bar_failed(c, bar, "mmap");
	if (sigsetjmp(fault, 1) == 0) {
		(void)map[0];
		(void)map[size / sizeof(*map) - 1];
	} else {
		errno = EFAULT;
		result = bar_failed(c, bar, "reading the mapping");
	}
	(void)munmap((void *)(uintptr_t)map, size);
	return result;
}

/* Maps the areas that the sparse mmap capability of the region names, or, without one, all of it.
 */
static int bar_map(struct client *c, const struct vfio_region_info *info)
{
	uint64_t buffer[512];
	struct vfio_region_info *all = (struct vfio_region_info *)buffer;
	uint32_t at;

	memset(buffer, 0, sizeof(buffer));
	*all = (struct vfio_region_info){.argsz = sizeof(buffer), .index = info->index};
	if (ioctl(c->device, VFIO_DEVICE_GET_REGION_INFO, all) < 0)
		return bar_failed(c, info->index, "VFIO_DEVICE_GET_REGION_INFO");
	for (at = (all->flags & VFIO_REGION_INFO_FLAG_CAPS) ? all->cap_offset : 0;
		at && at < sizeof(buffer);) {
		const struct vfio_info_cap_header *cap = (const void *)((const char *)buffer + at);

		if (cap->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
			const struct vfio_region_info_cap_sparse_mmap *sparse = (const void *)cap;

			for (uint32_t i = 0; i < sparse->nr_areas; i++) {
				if (sparse->areas[i].size &&
					area_map(c, info->index,
						info->offset + sparse->areas[i].offset,
						sparse->areas[i].size))
					return -1;
			}
			return 0;
		}
		at = cap->next;
	}
	return area_map(c, info->index, info->offset, info->size);
}

static int bar_read(struct client *c, const struct vfio_region_info *info)
{
	uint32_t word;

	if (pread(c->device, &word, sizeof(word), (off_t)info->offset) != sizeof(word))
		return bar_failed(c, info->index, "reading the region");
	return 0;
}

/* A BAR of size 0 is none, or the upper half of the one before it. */
static void bar_check(struct client *c, unsigned bar)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = bar};
	int mapped;

	if (ioctl(c->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0) {
		(void)bar_failed(c, bar, "VFIO_DEVICE_GET_REGION_INFO");
		return;
	}
	if (!info.size)
		return;
	mapped = info.flags & VFIO_REGION_INFO_FLAG_MMAP;
	if ((mapped ? bar_map : bar_read)(c, &info) == 0)
		printf("%s bar %u %s %llu\n", c->address, bar, mapped ? "mapped" : "read",
			(unsigned long long)info.size);
}

/* 0: usable. */
static int check(const char *address)
{
	struct client c = {.address = address, .container = -1, .group = -1, .device = -1};

	(void)alarm(TIMEOUT_SECONDS);
	if (client_open(&c) == 0 && memory_enable(&c) == 0) {
		for (unsigned bar = VFIO_PCI_BAR0_REGION_INDEX; bar <= VFIO_PCI_BAR5_REGION_INDEX;
			bar++)
			bar_check(&c, bar);
	}
	client_close(&c);
	if (c.reason[0])
		printf("%s unusable: %s\n", address, c.reason);
	else
		printf("%s usable\n", address);
	return c.reason[0] ? 1 : 0;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return 2;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGBUS, on_fault);
	for (int i = 1; i < argc; i++)
		status |= check(argv[i]);
	return status;
}
