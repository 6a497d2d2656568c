/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what a running system says of itself: mountinfo, fstab, crypttab, swaps, routes,
 * input devices, the kernel command line and the attributes of a disk, in a tree in memory. The
 * whole search runs over it: no crash, no endless round, and a list that holds together.
 *
 * The input is cut at each 0xfe byte, in that order.
 */
#include "host/hostdevs.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CUT 0xfe

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[64];

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void run(const char *command)
{
	char all[512];

	(void)snprintf(all, sizeof(all), "cd %s && %s", top, command);
	must(system(all) == 0); // NOLINT(cert-env33-c): the fuzzer's own words
}

static void remove_tree(void)
{
	run("rm -rf \"$PWD\"");
}

static void make_tree(void)
{
	bool memory = access("/dev/shm", W_OK) == 0;

	(void)snprintf(top, sizeof(top), "%s/fuzz-footing-XXXXXX", memory ? "/dev/shm" : "/tmp");
	must(mkdtemp(top) != NULL);
	run("mkdir -p root/proc/self root/proc/net root/proc/bus/input root/etc root/run/udev/data root/dev/disk/by-uuid && ln -s ../../sda1 root/dev/disk/by-uuid/1");
	must(access("tests/unit/tree", X_OK) == 0);
	char command[256];
	(void)snprintf(
		command, sizeof(command), "tests/unit/tree tests/unit/trees/any-root %s/sys", top);
	must(system(command) == 0); // NOLINT(cert-env33-c): the fuzzer's own words
	(void)atexit(remove_tree);
}

static void put(const char *name, const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, CUT, *size) : NULL;
	size_t n = end ? (size_t)(end - *data) : *size;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, *data, n) == (ssize_t)n);
	(void)close(fd);
	*data += end ? n + 1 : n;
	*size -= end ? n + 1 : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = {"root/proc/self/mountinfo", "root/etc/fstab",
		"root/etc/crypttab", "root/proc/swaps", "root/proc/net/route",
		"root/proc/net/ipv6_route", "root/proc/bus/input/devices", "root/proc/cmdline",
		"root/run/udev/data/b8:3", "sys/class/block/loop0/loop/backing_file",
		"sys/class/block/dm-1/dm/uuid"};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(protected_done) struct protected_list k = {0};
	char path[128];
	struct err err;

	if (!top[0])
		make_tree();
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		put(files[i], &data, &size);
	(void)snprintf(path, sizeof(path), "%s/sys", top);
	must(sysfs_open(&s, path, &err) == 0);
	(void)snprintf(path, sizeof(path), "%s/root", top);
	must(hostdevs_find(&k, path, NULL, &s, &err) == 0 && k.ended);
	for (size_t i = 0; i < k.n; i++) {
		must(k.at[i].reason[0] != '\0' && k.at[i].class >> 16 != PCI_BASE_BRIDGE);
		must(k.at[i].path.steps > 0 && !strchr(k.at[i].reason, '\n'));
	}
	return 0;
}
