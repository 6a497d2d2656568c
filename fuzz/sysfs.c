/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what sysfs has of a device: two functions and a bridge of a tree in memory, whose
 * files hold pieces of the input. The whole of looking and planning runs over it, serial numbers
 * included.
 *
 * The input is cut at each 0xfe byte: modalias, class, boot_vga, secondary_bus_number, the driver's
 * and the group's name, and the configuration space from 0x100 on.
 */
#include "core/config.h"
#include "core/plan.h"
#include "core/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CUT 0xfe
#define DEVICES "bus/pci/devices"
#define BUS "devices/pci0000:00"
#define BRIDGE BUS "/0000:00:01.0"
#define CARD BRIDGE "/0000:01:00.0"
#define SOUND BRIDGE "/0000:01:00.1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root = -1;
static char top[64];

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void put_file(const char *dir, const char *name, const void *data, size_t size)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

static void put_text(const char *dir, const char *name, const char *text)
{
	put_file(dir, name, text, strlen(text));
}

/* A link's target: any bytes but NUL, "x" where the kernel would refuse them. */
static void put_link(const char *dir, const char *name, const uint8_t *data, size_t size)
{
	char path[128], target[256];
	size_t n = size < sizeof(target) ? size : sizeof(target) - 1;

	memcpy(target, data, n);
	target[n] = '\0';
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlinkat(root, path, 0);
	must(symlinkat(target[0] ? target : "x", root, path) == 0);
}

static void put_device(const char *dir, const char *address)
{
	char path[128], target[160];

	must(mkdirat(root, dir, 0700) == 0);
	(void)snprintf(path, sizeof(path), DEVICES "/%s", address);
	(void)snprintf(target, sizeof(target), "../../../%s", dir);
	must(symlinkat(target, root, path) == 0);
}

static void remove_tree(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	(void)system(command); // NOLINT(cert-env33-c): the fuzzer's own words
}

/* Made once; each input only writes the files again. */
static void make_tree(void)
{
	bool memory = access("/dev/shm", W_OK) == 0;

	(void)snprintf(top, sizeof(top), "%s/fuzz-sysfs-XXXXXX", memory ? "/dev/shm" : "/tmp");
	must(mkdtemp(top) != NULL);
	(void)atexit(remove_tree);
	root = open(top, O_DIRECTORY | O_RDONLY);
	must(root >= 0 && mkdirat(root, "bus", 0700) == 0 && mkdirat(root, "bus/pci", 0700) == 0 &&
		mkdirat(root, DEVICES, 0700) == 0 && mkdirat(root, "devices", 0700) == 0 &&
		mkdirat(root, BUS, 0700) == 0);
	put_device(BRIDGE, "0000:00:01.0");
	put_device(CARD, "0000:01:00.0");
	put_device(SOUND, "0000:01:00.1");
	put_text(BRIDGE, "modalias", "pci:v00008086d0000A70Dsv00001043sd00008694bc06sc04i00\n");
	put_text(SOUND, "modalias", "pci:v000010DEd000010F8sv00001458sd00003FF8bc04sc03i00\n");
}

struct piece {
	const uint8_t *data;
	size_t size;
};

static struct piece next_piece(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, CUT, *size) : NULL;
	struct piece p = {*data, end ? (size_t)(end - *data) : *size};

	*data += end ? p.size + 1 : p.size;
	*size -= end ? p.size + 1 : p.size;
	return p;
}

static void fill_tree(const uint8_t *data, size_t size)
{
	static uint8_t config[4096];
	struct piece p = next_piece(&data, &size);

	if (p.size == 0) { /* then the five files are read in its place */
		char path[128];
		(void)snprintf(path, sizeof(path), CARD "/modalias");
		(void)unlinkat(root, path, 0);
	} else {
		put_file(CARD, "modalias", p.data, p.size);
	}
	p = next_piece(&data, &size);
	put_file(CARD, "class", p.data, p.size);
	put_file(CARD, "vendor", p.data, p.size);
	put_file(CARD, "device", p.data, p.size);
	p = next_piece(&data, &size);
	put_file(CARD, "boot_vga", p.data, p.size);
	p = next_piece(&data, &size);
	put_file(BRIDGE, "secondary_bus_number", p.data, p.size);
	p = next_piece(&data, &size);
	put_link(CARD, "driver", p.data, p.size);
	p = next_piece(&data, &size);
	put_link(CARD, "iommu_group", p.data, p.size);
	put_link(SOUND, "iommu_group", p.data, p.size);
	p.size = size < sizeof(config) - 0x100 ? size : sizeof(config) - 0x100;
	memset(config, 0, sizeof(config));
	if (p.size > 0)
		memcpy(config + 0x100, data, p.size);
	put_file(CARD, "config", config, p.size ? sizeof(config) : 256);
}

/* What was planned holds together, whatever the devices say of themselves. */
static void check_plan(const struct plan *p)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		must(v->reason[0] != '\0' && v->selector != NULL);
		must(strlen(verdict_name(v, name)) > 0);
		if (v->action != ACTION_BIND)
			continue;
		must(v->device && v->device->error == 0 && v->device->group >= 0);
		must(!device_is_bridge(v->device));
		must(!device_is_display(v->device) || v->device->boot_vga != 1);
	}
}

static void plan(const char *text)
{
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(probe_done) struct probe h = {0};
	_cleanup_(plan_done) struct plan p = {0};
	const struct boot_switch b = {.mode = BOOT_BIND};
	struct err err;

	must(config_parse(&c, "f", text, strlen(text)) == 0);
	must(sysfs_open(&s, top, &err) == 0 && probe_devices(&h, &c, &s, NULL, &err) == 0);
	must(plan_make(&p, &c, &h, &b, &err) == 0);
	probe_drivers(&h, &s);
	check_plan(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (root < 0)
		make_tree();
	fill_tree(data, size);
	plan("[bind]\naddresses = 01:00.*, 00:01.0\npaths = 00:01.0/00.0\n");
	plan("[bind]\nids = 10de:1e89\nserials = 00-11-22-33-44-55-66-77\ngpus = non-boot\n");
	return 0;
}
