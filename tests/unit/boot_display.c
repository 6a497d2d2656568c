/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which display shows the boot: each source, alone and before the others, on a tree that is made
 * for it; /proc/iomem and the arbiter's file are made up. */
#include "pci/boot_display.h"

#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "fake_sysfs.h"
#include "pci/iomem.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#define FIRST "0000:00:02.0"
#define SECOND "0000:01:00.0"
#define THIRD "0000:02:00.0"
#define PLATFORM "bus/platform/devices/"

/* ---- the files of a running machine -----------------------------------------------------------
 */

static const char *arbiter; /* what its file holds; NULL: there is none */
static unsigned arbiter_asked;
static const char *region, *in_first; /* in /proc/iomem, in the second card, and in the first, */
static bool first_is_first;           /* which comes before it or behind it; NULL: none */
static unsigned regions_asked;
static const char *regions_root;

ssize_t __wrap_file_read_small(int dirfd, const char *path, char *buf, size_t size);
ssize_t __real_file_read_small(int dirfd, const char *path, char *buf, size_t size);
int __wrap_iomem_find(const char *root, iomem_each *each, void *to);

ssize_t __wrap_file_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	if (!str_equal(path, "/dev/vga_arbiter"))
		return __real_file_read_small(dirfd, path, buf, size);
	arbiter_asked++;
	return arbiter ? (ssize_t)str_copy(buf, size, arbiter) : -ENOENT;
}

int __wrap_iomem_find(const char *root, iomem_each *each, void *to)
{
	const char *const names[] = {
		first_is_first ? in_first : region, first_is_first ? region : in_first};
	const char *const owners[] = {
		first_is_first ? FIRST : SECOND, first_is_first ? SECOND : FIRST};

	regions_asked++;
	regions_root = root;
	for (size_t i = 0; i < 2; i++) {
		struct iomem_region r = {.name = names[i]};
		if (names[i] && pci_addr_parse(owners[i], &r.owner) && each(&r, to))
			return 1;
	}
	return 0;
}

/* ---- the machine ------------------------------------------------------------------------------
 */

static bool shell(const char *fmt, ...) _printf_(1, 2);
static bool shell(const char *fmt, ...)
{
	char command[512], rest[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command), "cd %s/sys && %s", top, rest);
	return system(command) == 0; // NOLINT(cert-env33-c): the test's own words
}

static struct sysfs s = {.devices = -1};
static struct device_list list;
static struct boot_display b;

/* Three displays: two that are VGA compatible, of a processor and a card, and a 3D controller. */
static void new_machine(void)
{
	static const char *const addresses[] = {FIRST, SECOND, THIRD};
	char tree[80];

	(void)snprintf(tree, sizeof(tree), "%s/sys", top);
	sysfs_done(&s);
	device_list_done(&list);
	b = (struct boot_display){.by = WITNESS_NONE};
	arbiter = region = in_first = regions_root = NULL;
	arbiter_asked = regions_asked = 0;
	list = (struct device_list){.at = calloc(3, sizeof(*list.at)), .n = 3, .size = 3};
	if (!list.at ||
		!shell("rm -rf ../sys/* && mkdir -p bus/pci/drivers " PLATFORM
		       " class/drm bus/pci/devices/" FIRST " bus/pci/devices/" SECOND
		       " bus/pci/devices/" THIRD) ||
		sysfs_open(&s, tree, NULL) < 0)
		abort();
	for (size_t i = 0; i < 3; i++) {
		list.at[i].class = i == 2 ? 0x030200 : 0x030000;
		list.at[i].boot_vga = i == 2 ? -1 : 0;
		if (!pci_addr_parse(addresses[i], &list.at[i].addr))
			abort();
	}
}

static void check_found(
	const struct boot_display_from *from, enum boot_witness by, const char *address)
{
	char text[PCI_ADDR_MAX];

	boot_display_find(&b, &s, &list, from);
	CHECK_INT(b.by, by);
	CHECK(b.asked);
	for (size_t i = 0; i < list.n; i++) {
		const struct device *d = &list.at[i];
		CHECK_INT(d->is_boot_display,
			address && str_equal(pci_addr_format(d->addr, text), address));
	}
	if (address)
		CHECK_STR(pci_addr_format(b.addr, text), address);
}

static const struct boot_display_from nothing,
	live = {.live = true, .running = true, .screens = true}, running = {.running = true},
	screens = {.running = true, .screens = true}, of_root = {.root = "/root"};

static void test_arbiter(void)
{
	static const char owned[] =
		"count:2,PCI:0000:01:00.0,decodes=io+mem,owns=io+mem,locks=none(0:0)";

	check_case("arbiter: its default, on a running machine, where nothing else tells");
	new_machine();
	arbiter = owned;
	check_found(&live, WITNESS_ARBITER, SECOND);
	CHECK_INT(arbiter_asked, 1);
	CHECK_STR(boot_display_witness(&b), "/dev/vga_arbiter");
	check_found(&live, WITNESS_ARBITER, SECOND);
	CHECK_INT(arbiter_asked, 1);
	arbiter = "count:1,PCI:0000:00:02.0";
	b = (struct boot_display){.by = WITNESS_NONE};
	check_found(&live, WITNESS_ARBITER, FIRST);

	check_case("arbiter: none, no file, no address");
	static const char *const texts[] = {
		"invalid", NULL, "count:2,PCI:x,decodes=io", "PCI:0000:01:00.0"};
	for (size_t i = 0; i < 4; i++) {
		new_machine();
		arbiter = texts[i];
		check_found(&live, WITNESS_NONE, NULL);
		CHECK_INT(arbiter_asked, 1);
		check_found(&live, WITNESS_NONE, NULL);
		CHECK_INT(arbiter_asked, 1);
	}
	CHECK_STR(boot_display_witness(&b), "nothing");

	check_case("arbiter: not of a recorded tree, and not before boot_vga");
	new_machine();
	arbiter = owned;
	check_found(&screens, WITNESS_NONE, NULL);
	check_found(NULL, WITNESS_NONE, NULL);
	CHECK_INT(arbiter_asked, 0);
	new_machine();
	arbiter = owned;
	list.at[0].boot_vga = 1;
	check_found(&live, WITNESS_BOOT_VGA, FIRST);
	CHECK_INT(arbiter_asked, 0);
}

static void test_boot_vga(void)
{
	check_case("boot_vga: each that has it, and no other differs");
	new_machine();
	list.at[1].boot_vga = 1;
	check_found(&nothing, WITNESS_BOOT_VGA, SECOND);
	CHECK_STR(boot_display_witness(&b), "boot_vga");
	CHECK(!boot_display_differs(&b, &list));
	new_machine();
	list.at[0].boot_vga = list.at[1].boot_vga = 1;
	boot_display_find(&b, &s, &list, NULL);
	CHECK_INT(b.by, WITNESS_BOOT_VGA);
	CHECK(list.at[0].is_boot_display && list.at[1].is_boot_display);
	CHECK(!list.at[2].is_boot_display);

	check_case("boot_vga: of another than the boot display");
	new_machine();
	list.at[0].boot_vga = 1;
	region = "BOOTFB";
	check_found(&of_root, WITNESS_IOMEM, SECOND);
	CHECK(boot_display_differs(&b, &list) == &list.at[0]);
	list.at[0].boot_vga = 0;
	CHECK(!boot_display_differs(&b, &list));
	new_machine();
	list.at[0].boot_vga = 1;
	CHECK(!boot_display_differs(&b, &list));
}

static bool platform(const char *name, const char *owner)
{
	return shell(
		"mkdir -p devices/pci0000:00/%s/%s && ln -sfn ../../../devices/pci0000:00/%s/%s " PLATFORM
		"%s",
		owner, name, owner, name, name);
}

static void test_framebuffer(void)
{
	static const char *const names[] = {"efi-framebuffer.0", "simple-framebuffer.0",
		"vesa-framebuffer.0", "vga-framebuffer.0", "platform-framebuffer.0",
		"ega-framebuffer.0"};

	check_case("framebuffer: each by its name");
	for (size_t i = 0; i < 6; i++)
		CHECK(str_equal(boot_display_framebuffer(i), names[i]));
	for (size_t i = 0; i < 6; i++) {
		new_machine();
		region = "efifb";
		CHECK(platform(names[i], SECOND));
		check_found(&nothing, WITNESS_FRAMEBUFFER, SECOND);
		CHECK(str_equal(b.framebuffer, names[i]));
		CHECK(str_equal(boot_display_witness(&b), names[i]));
		CHECK_INT(regions_asked, 0);
	}
	CHECK_STR(boot_display_framebuffer(6), NULL);

	check_case("framebuffer: on no card: /proc/iomem is asked of those that may be in it");
	for (size_t i = 0; i < 6; i++) {
		new_machine();
		region = "BOOTFB";
		list.at[0].boot_vga = 1;
		CHECK(platform(names[i], "platform"));
		if (i < 3)
			check_found(&live, WITNESS_IOMEM, SECOND);
		else
			check_found(&live, WITNESS_BOOT_VGA, FIRST);
		CHECK_INT(regions_asked, i < 3);
		CHECK(str_equal(b.framebuffer, i < 5 ? names[i] : ""));
		new_machine();
		region = "BOOTFB";
		CHECK(platform(names[i], "platform"));
		check_found(&of_root, WITNESS_IOMEM, SECOND);
		CHECK(str_equal(b.framebuffer, names[i]));
	}

	check_case("framebuffer: below a card, in a tree without the link");
	new_machine();
	CHECK(shell("mkdir bus/pci/devices/" SECOND "/simple-framebuffer.0"));
	check_found(&nothing, WITNESS_FRAMEBUFFER, SECOND);
	CHECK_STR(b.framebuffer, "simple-framebuffer.0");
	new_machine();
	CHECK(shell("mkdir bus/pci/devices/" FIRST "/efi-framebuffer.0"));
	check_found(&of_root, WITNESS_FRAMEBUFFER, FIRST);
	new_machine();
	CHECK(shell("mkdir bus/pci/devices/" FIRST "/efi-framebuffer.0"));
	check_found(&live, WITNESS_NONE, NULL);
	new_machine();
	list.at[0].class = 0x020000;
	CHECK(shell("mkdir bus/pci/devices/" FIRST "/efi-framebuffer.0"));
	check_found(&nothing, WITNESS_NONE, NULL);
}

static void test_iomem(void)
{
	static const char *const names[] = {
		"BOOTFB", "efifb", "vesafb", "simplefb", "simpledrm", "efidrm", "vesadrm"};

	check_case("/proc/iomem: each name of the firmware's framebuffer, and no other");
	for (size_t i = 0; i < 7; i++) {
		new_machine();
		region = names[i];
		check_found(&of_root, WITNESS_IOMEM, SECOND);
		CHECK_STR(boot_display_witness(&b), "/proc/iomem");
		CHECK_STR(regions_root, "/root");
	}
	new_machine();
	region = "nvidia";
	check_found(&of_root, WITNESS_NONE, NULL);
	CHECK_INT(regions_asked, 1);
	check_found(&of_root, WITNESS_NONE, NULL);
	CHECK_INT(regions_asked, 1);

	check_case("/proc/iomem: the first that is one, whatever comes before and behind");
	for (int first = 0; first < 2; first++) {
		new_machine();
		first_is_first = first;
		in_first = first ? "i915" : "BOOTFB";
		region = "efifb";
		check_found(&of_root, WITNESS_IOMEM, SECOND);
	}
	first_is_first = false;

	check_case("/proc/iomem: not of a tree alone; this machine's has no root");
	new_machine();
	region = "BOOTFB";
	check_found(&screens, WITNESS_NONE, NULL);
	CHECK_INT(regions_asked, 0);
	new_machine();
	region = "BOOTFB";
	CHECK(platform("efi-framebuffer.0", "platform"));
	check_found(
		&(struct boot_display_from){.live = true, .root = "/root"}, WITNESS_IOMEM, SECOND);
	CHECK_STR(regions_root, NULL);
}

/* A card of DRM, or one of its connectors, with a file. */
static bool drm(const char *name, const char *owner, const char *file, const char *text)
{
	return shell(
		"mkdir -p bus/pci/devices/%s/drm/%s && echo %s >bus/pci/devices/%s/drm/%s/%s && "
		"mkdir -p devices/pci0000:00/%s && ln -sfn ../../bus/pci/devices/%s/drm/%s class/drm/%s",
		owner, name, text, owner, name, file, owner, owner, name, name);
}

static void test_drm(void)
{
	check_case("DRM: the card that says so, where drivers may be loaded");
	new_machine();
	CHECK(drm("card0", FIRST, "boot_display", "0") &&
		drm("card1", SECOND, "boot_display", "1"));
	CHECK(drm("card1-DP-1", FIRST, "boot_display", "1"));
	list.at[0].boot_vga = 1;
	check_found(&running, WITNESS_DRM, SECOND);
	CHECK_STR(boot_display_witness(&b), "boot_display of DRM");
	b = (struct boot_display){.by = WITNESS_NONE};
	check_found(&nothing, WITNESS_BOOT_VGA, FIRST);
	b = (struct boot_display){.by = WITNESS_NONE, .asked = true};
	check_found(&running, WITNESS_BOOT_VGA, FIRST);

	check_case("DRM: a card on no PCI function, or that says nothing");
	new_machine();
	CHECK(shell(
		"mkdir -p devices/platform/drm/card0 && echo 1 >devices/platform/drm/card0/boot_display && "
		"ln -s ../../devices/platform/drm/card0 class/drm/card0"));
	CHECK(drm("card1", SECOND, "dev", "1:1"));
	check_found(&running, WITNESS_NONE, NULL);

	check_case("screens: a connected one, and the built-in panel before others");
	new_machine();
	CHECK(drm("card0-DP-1", SECOND, "status", "connected"));
	CHECK(drm("card0-HDMI-A-1", FIRST, "status", "disconnected"));
	CHECK(drm("card0", FIRST, "status", "connected"));
	check_found(&screens, WITNESS_SCREEN, SECOND);
	CHECK_STR(boot_display_witness(&b), "a connected screen");
	new_machine();
	CHECK(drm("card0-DP-1", SECOND, "status", "connected"));
	check_found(&running, WITNESS_NONE, NULL);
	for (int swap = 0; swap < 2; swap++) {
		new_machine();
		CHECK(drm(swap ? "card9-DP-1" : "card0-DP-1", SECOND, "status", "connected"));
		CHECK(drm("card5-eDP-1", FIRST, "status", "connected"));
		CHECK(drm(swap ? "card0-DP-2" : "card9-DP-2", THIRD, "status", "connected"));
		check_found(&screens, WITNESS_SCREEN, FIRST);
	}
	new_machine();
	list.at[1].boot_vga = 1;
	CHECK(drm("card0-DP-1", FIRST, "status", "connected"));
	check_found(&live, WITNESS_BOOT_VGA, SECOND);
}

static void test_connectors(void)
{
	check_case("connectors: a driver that has some, of a 3D controller");
	new_machine();
	CHECK(drm("card1-DP-1", THIRD, "status", "disconnected") &&
		drm("card0", FIRST, "dev", "1:1"));
	CHECK(drm("card0-DP-1", FIRST, "status", "connected"));
	check_found(&running, WITNESS_NONE, NULL);
	CHECK(list.at[2].has_screens && list.at[0].has_screens && !list.at[1].has_screens);
	new_machine();
	CHECK(drm("card1-DP-1", THIRD, "status", "disconnected"));
	check_found(&nothing, WITNESS_NONE, NULL);
	CHECK(!list.at[2].has_screens);

	check_case("connectors: where there is no 3D controller nothing is looked for");
	new_machine();
	list.at[2].class = 0x030000;
	CHECK(drm("card1-DP-1", THIRD, "status", "disconnected"));
	check_found(&running, WITNESS_NONE, NULL);
	CHECK(!list.at[2].has_screens);
	new_machine();
	list.at[0].class = 0x030200;
	list.at[2].class = 0x030000;
	CHECK(drm("card1-DP-1", THIRD, "status", "disconnected"));
	CHECK(drm("card2-DP-1", "0000:09:00.0", "status", "disconnected"));
	check_found(&running, WITNESS_NONE, NULL);
	CHECK(list.at[2].has_screens);
}

int main(void)
{
	fake_sysfs_begin("display");
	must_shell("mkdir %s/sys", top);
	test_arbiter();
	test_boot_vga();
	test_framebuffer();
	test_iomem();
	test_drm();
	test_connectors();
	sysfs_done(&s);
	device_list_done(&list);
	return check_done();
}
