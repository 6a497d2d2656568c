/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/record_sysfs.h"

#include "pci/boot_display.h"
#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX 2048

struct record {
	struct text *t;
	struct redact *m;
	struct sysfs *s;
	const char *directory; /* of the following names */
	enum scan_serials serials;
};

void record_file(struct text *t, const char *name, const char *content)
{
	if (!strchr(content, '\n')) {
		text_print(t, "%s =%s%s\n", name, *content ? " " : "", content);
		return;
	}
	while (*content) {
		size_t len = strcspn(content, "\n");
		text_print(t, "%s |%s%.*s\n", name, len ? " " : "", (int)len, content);
		content += len + (content[len] == '\n');
	}
}

/* Prints a file whose content is the kernel's; a missing one is skipped. */
static void print_file(const struct record *r, const char *directory, const char *name)
{
	char content[CONTENT_MAX];

	if (sysfs_path_read(r->s, content, sizeof(content), "%s/%s", directory, name) >= 0)
		record_file(r->t, name, content);
}

/* Prints a file whose content is from a user or a device: a USB stick may have the name of its
 * owner. */
static void print_words(const struct record *r, const char *directory, const char *name)
{
	_cleanup_(text_done) struct text masked = {0};
	char content[CONTENT_MAX];

	if (sysfs_path_read(r->s, content, sizeof(content), "%s/%s", directory, name) < 0)
		return;
	redact_words(r->m, &masked, content);
	record_file(r->t, name, masked.data ? masked.data : "");
	r->t->failed |= masked.failed;
}

static void print_link(const struct record *r, const char *directory, const char *name)
{
	char target[SYSFS_PATH_MAX];

	if (sysfs_path_link(r->s, target, sizeof(target), "%s/%s", directory, name) < 0)
		return;
	redact_sysfs_path(r->m, r->t, name);
	text_print(r->t, " -> ");
	redact_sysfs_path(r->m, r->t, target);
	text_print(r->t, "\n");
}

static void open_directory(const struct record *r, const char *directory)
{
	text_print(r->t, "\n[");
	redact_sysfs_path(r->m, r->t, directory);
	text_print(r->t, "]\n");
}

/* The target of a link in bus/ or class/, as a path from /sys. */
static const char *from_top(const char *target)
{
	while (strncmp(target, "../", 3) == 0)
		target += 3;
	return target;
}

/* ---- PCI functions ----------------------------------------------------------------------- */

/* Prints the serial number, wherever it was read, as newer kernels show it. */
static void print_serial(const struct record *r, struct pci_addr addr)
{
	uint64_t serial = redact_serial(r->m, scan_serial(r->s, addr, r->serials));

	if (serial == 0)
		return;
	text_print(r->t, "serial_number = ");
	for (int byte = 7; byte >= 0; byte--)
		text_print(
			r->t, "%02x%c", (unsigned)(serial >> 8 * byte) & 0xff, byte ? '-' : '\n');
}

/* A valid modalias has all the ids; tests/unit/tree derives the files from it. */
static void print_identity(const struct record *r, const char *directory)
{
	static const char *const files[] = {
		"vendor", "device", "class", "subsystem_vendor", "subsystem_device"};
	char alias[96];
	struct pci_id id;
	uint32_t class;

	(void)sysfs_path_read(r->s, alias, sizeof(alias), "%s/modalias", directory);
	print_file(r, directory, "modalias");
	for (size_t i = 0; !pci_modalias_parse(alias, &id, &class) && i < 5; i++)
		print_file(r, directory, files[i]);
}

static void print_function(struct pci_addr addr, const struct record *r)
{
	static const char *const files[] = {"revision", "boot_vga", "reset_method", "numa_node",
		"current_link_speed", "current_link_width", "max_link_speed", "max_link_width",
		"sriov_totalvfs", "sriov_numvfs", "secondary_bus_number", "subordinate_bus_number",
		"resource0_resize", "resource1_resize", "resource2_resize", "resource3_resize",
		"resource4_resize", "resource5_resize"};
	static const char *const empty[] = {"rom", "reset"}; /* only their existence matters */
	static const char *const links[] = {"driver", "iommu_group", "physfn"};
	char address[PCI_ADDR_MAX], directory[64], target[SYSFS_PATH_MAX];
	char regions[CONTENT_MAX];

	(void)snprintf(
		directory, sizeof(directory), "bus/pci/devices/%s", pci_addr_format(addr, address));
	if (sysfs_path_link(r->s, target, sizeof(target), "%s", directory) < 0)
		return;
	open_directory(r, from_top(target));
	print_identity(r, directory);
	if (sysfs_path_read(r->s, regions, sizeof(regions), "%s/resource", directory) > 0 &&
		strpbrk(regions, "123456789abcdef")) /* "0x0000 0x0000" is the same as none */
		print_file(r, directory, "resource");
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		print_file(r, directory, files[i]);
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		if (sysfs_path_exists(r->s, "%s/%s", directory, empty[i]))
			text_print(r->t, "%s =\n", empty[i]);
	print_serial(r, addr);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (sysfs_path_link(r->s, target, sizeof(target), "%s/%s", directory, links[i]) >
			0) {
			const char *slash = strrchr(target, '/');
			/* tests/unit/tree completes these paths */
			bool last = i < 2 && slash;
			text_print(r->t, "%s -> ", links[i]);
			if (last)
				text_print(r->t, "%s\n", slash + 1);
			else
				redact_sysfs_path(r->m, r->t, target), text_print(r->t, "\n");
		}
}

/* Prints the firmware's framebuffer (pci/boot_display): its link, and its directory below the
 * function. */
static void print_framebuffer(const struct record *r, const char *name)
{
	static const char platform[] = "bus/platform/devices";
	char target[SYSFS_PATH_MAX], path[SYSFS_PATH_MAX + 32], address[PCI_ADDR_MAX];

	if (sysfs_path_link(r->s, target, sizeof(target), "%s/%s", platform, name) > 0) {
		open_directory(r, platform);
		print_link(r, platform, name);
	}
	for (size_t i = 0; i < r->s->n_listed; i++) {
		pci_addr_format(r->s->listed[i], address);
		if (!sysfs_path_exists(r->s, "bus/pci/devices/%s/%s", address, name) ||
			sysfs_path_link(
				r->s, target, sizeof(target), "bus/pci/devices/%s", address) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", from_top(target), name);
		open_directory(r, path);
	}
}

static int print_driver(const char *name, void *to)
{
	const struct record *r = to;
	char module[SYSFS_PATH_MAX];

	redact_keep_driver(r->m, name);
	text_print(r->t, "\n[bus/pci/drivers/%s]\n", name);
	if (sysfs_path_link(r->s, module, sizeof(module), "bus/pci/drivers/%s/module", name) > 0) {
		const char *slash = strrchr(module, '/');
		redact_keep_driver(r->m, slash ? slash + 1 : module);
		text_print(r->t, "module -> %s\n", module);
	}
	return 0;
}

/* ---- attached devices ------------------------------------------------------------------------ */

static int print_link_of(const char *name, void *to)
{
	const struct record *r = to;

	print_link(r, r->directory, name);
	return 0;
}

/* The links of a directory, if it has any. */
static void print_links(const struct record *r, const char *directory)
{
	struct record one = *r;

	if (!sysfs_path_exists(r->s, "%s", directory))
		return;
	open_directory(r, directory);
	one.directory = directory;
	if (sysfs_path_each(r->s, directory, print_link_of, &one) < 0)
		r->t->failed = true;
}

static void print_files(const struct record *r, const char *directory, const char *const *files,
	size_t n, void (*put)(const struct record *r, const char *directory, const char *name))
{
	if (!sysfs_path_exists(r->s, "%s", directory))
		return;
	open_directory(r, directory);
	for (size_t i = 0; i < n; i++)
		put(r, directory, files[i]);
}

#define PUT_FILES(r, directory, put, ...)                                                          \
	do {                                                                                       \
		static const char *const files[] = {__VA_ARGS__};                                  \
		print_files(r, directory, files, sizeof(files) / sizeof(*files), put);             \
	} while (0)

/* Prints the name of a dm volume, and its kind: "CRYPT-LUKS2-…", "LVM-…". */
static void print_volume(const struct record *r, const char *at)
{
	static const char *const kinds[] = {"CRYPT-", "LVM-", "mpath-", "DMRAID-"};
	char path[SYSFS_PATH_MAX + 16], uuid[160];

	(void)snprintf(path, sizeof(path), "%s/dm", at);
	if (!sysfs_path_exists(r->s, "%s", path))
		return;
	open_directory(r, path);
	print_words(r, path, "name");
	if (sysfs_path_read(r->s, uuid, sizeof(uuid), "%s/uuid", path) <= 0)
		return;
	const char *kind = "";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_starts(uuid, kinds[i]))
			kind = kinds[i];
	record_file(r->t, "uuid", kind);
}

static void print_backing_file(const struct record *r, const char *at)
{
	char path[SYSFS_PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/loop", at);
	if (!sysfs_path_exists(r->s, "%s/backing_file", path))
		return;
	open_directory(r, path);
	print_words(r, path, "backing_file");
}

static int print_block(const char *name, void *to)
{
	const struct record *r = to;
	char target[SYSFS_PATH_MAX], path[SYSFS_PATH_MAX + 16];

	if (sysfs_path_link(r->s, target, sizeof(target), "class/block/%s", name) < 0)
		return 0;
	const char *at = from_top(target);
	PUT_FILES(r, at, print_file, "dev", "size", "partition", "hidden");
	/* A link to a directory with a model and much private data; here it is a directory. */
	(void)snprintf(path, sizeof(path), "%s/device", at);
	PUT_FILES(r, path, print_words, "model", "name");
	(void)snprintf(path, sizeof(path), "%s/holders", at);
	print_links(r, path);
	(void)snprintf(path, sizeof(path), "%s/slaves", at);
	print_links(r, path);
	print_volume(r, at);
	print_backing_file(r, at);
	return 0;
}

/* lower_eth0 of a bond, a bridge or a VLAN. */
static int print_lower(const char *name, void *to)
{
	return strncmp(name, "lower_", strlen("lower_")) == 0 ? print_link_of(name, to) : 0;
}

static int print_net(const char *name, void *to)
{
	const struct record *r = to;
	char target[SYSFS_PATH_MAX];

	if (sysfs_path_link(r->s, target, sizeof(target), "class/net/%s", name) < 0)
		return 0;
	struct record one = *r;
	one.directory = from_top(target);
	PUT_FILES(r, one.directory, print_file, "operstate");
	print_link(r, one.directory, "master");
	return sysfs_path_each(r->s, one.directory, print_lower, &one);
}

static int print_usb(const char *name, void *to)
{
	const struct record *r = to;
	char target[SYSFS_PATH_MAX];

	if (strchr(name, ':') ||
		sysfs_path_link(r->s, target, sizeof(target), "bus/usb/devices/%s", name) < 0)
		return 0;
	PUT_FILES(r, from_top(target), print_file, "idVendor", "idProduct");
	print_words(r, from_top(target), "manufacturer");
	print_words(r, from_top(target), "product");
	return 0;
}

/* Prints whether it is the card of the boot display, and its connectors, unconnected ones too;
 * edid, which identifies a screen, is not recorded. */
static int print_connector(const char *name, void *to)
{
	const struct record *r = to;
	char target[SYSFS_PATH_MAX];

	if (sysfs_path_link(r->s, target, sizeof(target), "class/drm/%s", name) < 0)
		return 0;
	if (strchr(name, '-'))
		PUT_FILES(r, from_top(target), print_file, "status", "enabled", "modes");
	else if (sysfs_path_exists(r->s, "class/drm/%s/boot_display", name))
		PUT_FILES(r, from_top(target), print_file, "boot_display");
	return 0;
}

static int print_btrfs(const char *name, void *to)
{
	char path[SYSFS_PATH_MAX];

	(void)snprintf(path, sizeof(path), "fs/btrfs/%.200s/devices", name);
	print_links(to, path);
	return 0;
}

static int print_subsystem(const char *name, void *to)
{
	char path[SYSFS_PATH_MAX];

	(void)snprintf(path, sizeof(path), "devices/virtual/nvme-subsystem/%.200s", name);
	print_links(to, path);
	return 0;
}

static int print_iommu(const char *name, void *to)
{
	const struct record *r = to;

	text_print(r->t, "\n[class/iommu/");
	redact_sysfs_path(r->m, r->t, name);
	text_print(r->t, "]\n");
	return 0;
}

static int note_function(struct pci_addr addr, void *to)
{
	(void)addr;
	(void)to;
	return 0; /* only the listing is needed */
}

static int compare_slots(const void *a, const void *b)
{
	return pci_addr_compare(*(const struct pci_addr *)a, *(const struct pci_addr *)b);
}

void record_sysfs(struct text *t, struct redact *m, struct sysfs *s)
{
	static const char *const tables[] = {"DMAR", "IVRS"};
	static const struct {
		const char *directory;
		int (*put)(const char *name, void *to);
	} looks[] = {
		{"bus/pci/drivers", print_driver},
		{"class/block", print_block},
		{"class/net", print_net},
		{"bus/usb/devices", print_usb},
		{"class/drm", print_connector},
		{"fs/btrfs", print_btrfs},
		{"devices/virtual/nvme-subsystem", print_subsystem},
		{"class/iommu", print_iommu},
	};
	static const char *const linked[] = {
		"dev/block", "class/block", "class/net", "bus/usb/devices", "class/drm"};
	static const char *const unsafe[] = {"allow_unsafe_interrupts"};
	struct record r = {t, m, s, NULL, scan_serials_of(s)};

	if (sysfs_each_device(s, note_function, NULL, NULL) < 0)
		t->failed = true;
	/* In the order of addresses, so that two records of a machine can be compared. */
	qsort(s->listed, s->n_listed, sizeof(*s->listed), compare_slots);
	for (size_t i = 0; i < s->n_listed; i++)
		print_function(s->listed[i], &r);
	const char *name;
	for (size_t i = 0; (name = boot_display_framebuffer(i)); i++)
		print_framebuffer(&r, name);
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (sysfs_path_each(s, looks[i].directory, looks[i].put, &r) < 0)
			t->failed = true;
	for (size_t i = 0; i < sizeof(linked) / sizeof(*linked); i++)
		print_links(&r, linked[i]);
	print_files(&r, "module/vfio_iommu_type1/parameters", unsafe, 1, print_file);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (sysfs_path_exists(s, "firmware/acpi/tables/%s", tables[i]))
			text_print(t, "\n[firmware/acpi/tables]\n%s =\n", tables[i]);
}
