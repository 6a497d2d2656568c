/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree DIR FUNCTIONS [ADDRESS=DRIVER...]: makes a fake /sys with so many PCI functions, laid out as
 * the kernel does it (bus/pci/devices/ADDRESS is a link into devices/). ADDRESS=DRIVER: the
 *function has that driver already.
 *
 * What is in it, whatever its size, so that what is asked for does not grow with it:
 *
 *	0000:00:00.0  host bridge            8086:29c0  class 0600
 *	0000:00:01.0  the boot display       1234:1111  class 0300  boot_vga 1, with its framebuffer
 *	0000:00:02.0  a second card          10de:2204  class 0300  boot_vga 0
 *	0000:00:02.1  its sound              10de:1aef  class 0403
 *	0000:00:03.0  an accelerator         10de:20b0  class 0302  (no boot_vga:
 *vga_is_boot_device) 0000:01:00.0… virtual functions      8086:10ed  class 0200  one bus full after
 *the other
 */
#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUNCTIONS_MAX 65000
#define PER_BUS 256
#define FRAMEBUFFER "vesa-framebuffer.0"

struct function {
	unsigned bus, device, function, vendor, id, class;
	int boot_vga; /* -1: no such file */
};

static const struct function fixed[] = {
	{0, 0, 0, 0x8086, 0x29c0, 0x060000, -1},
	{0, 1, 0, 0x1234, 0x1111, 0x030000, 1},
	{0, 2, 0, 0x10de, 0x2204, 0x030000, 0},
	{0, 2, 1, 0x10de, 0x1aef, 0x040300, -1},
	{0, 3, 0, 0x10de, 0x20b0, 0x030200, -1},
};
#define N_FIXED (sizeof(fixed) / sizeof(*fixed))

static struct function function_at(size_t i)
{
	if (i < N_FIXED)
		return fixed[i];
	i -= N_FIXED;
	return (struct function){(unsigned)(i / PER_BUS + 1), (unsigned)(i % PER_BUS / 8),
		(unsigned)(i % 8), 0x8086, 0x10ed, 0x020000, -1};
}

static int directory(int at, const char *path)
{
	if (mkdirat(at, path, 0755) < 0)
		err(1, "%s", path);
	int fd = openat(at, path, O_DIRECTORY | O_PATH);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

__attribute__((format(printf, 3, 4))) static void file(
	int at, const char *name, const char *format, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, format);
	size_t len = (size_t)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd) < 0)
		err(1, "%s", name);
}

static void link_to(int at, const char *name, const char *target)
{
	if (symlinkat(target, at, name) < 0)
		err(1, "%s", name);
}

static const char *driver_of(const char *address, char **pairs)
{
	size_t len = strlen(address);

	for (; *pairs; pairs++)
		if (strncmp(*pairs, address, len) == 0 && (*pairs)[len] == '=')
			return *pairs + len + 1;
	return NULL;
}

static void make_function(int bus, int devices, size_t i, char **pairs)
{
	const struct function f = function_at(i);
	char address[32], target[96];

	(void)snprintf(address, sizeof(address), "0000:%02x:%02x.%x", f.bus, f.device, f.function);
	int dir = directory(bus, address);
	file(dir, "vendor", "0x%04x\n", f.vendor);
	file(dir, "device", "0x%04x\n", f.id);
	file(dir, "class", "0x%06x\n", f.class);
	file(dir, "subsystem_vendor", "0x%04x\n", f.vendor);
	file(dir, "subsystem_device", "0x%04x\n", 1U);
	file(dir, "modalias", "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", f.vendor, f.id,
		f.vendor, 1U, f.class >> 16, f.class >> 8 & 0xff, f.class & 0xff);
	file(dir, "driver_override", "(null)\n");
	if (f.boot_vga >= 0)
		file(dir, "boot_vga", "%d\n", f.boot_vga);
	(void)snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%zu", i);
	link_to(dir, "iommu_group", target);
	const char *driver = driver_of(address, pairs);
	if (driver) {
		(void)snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
		link_to(dir, "driver", target);
	}
	(void)close(dir);
	(void)snprintf(target, sizeof(target), "../../../devices/pci0000:%02x/%s", f.bus, address);
	link_to(devices, address, target);
}

int main(int argc, char **argv)
{
	char name[32];
	size_t n = argc < 3 ? 0 : strtoul(argv[2], NULL, 10);

	if (n < N_FIXED || n > FUNCTIONS_MAX)
		errx(2, "usage: tree DIR FUNCTIONS(%zu-%d) [ADDRESS=DRIVER...]", N_FIXED,
			FUNCTIONS_MAX);
	int root = directory(AT_FDCWD, argv[1]);
	int real = directory(root, "devices");
	int bus = directory(root, "bus");
	int pci = directory(bus, "pci");
	int devices = directory(pci, "devices");
	int drivers = directory(pci, "drivers");
	file(pci, "drivers_probe", "%s", "");
	static const char *const there[] = {"bochs-drm", "nvidia", "vfio-pci"};
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		int driver = directory(drivers, there[i]);
		file(driver, "unbind", "%s", "");
		(void)close(driver);
	}
	for (size_t i = 0, at_bus = -1; i < n; i++) {
		static int at = -1;
		const struct function f = function_at(i);
		if (f.bus != at_bus) {
			at_bus = f.bus;
			if (at >= 0)
				(void)close(at);
			(void)snprintf(name, sizeof(name), "pci0000:%02x", f.bus);
			at = directory(real, name);
		}
		make_function(at, devices, i, argv + 3);
	}
	/* the last of the three names that a card may have below it */
	int platform = directory(directory(bus, "platform"), "devices");
	link_to(platform, FRAMEBUFFER, "../../../devices/pci0000:00/0000:00:01.0/" FRAMEBUFFER);
	return 0;
}
