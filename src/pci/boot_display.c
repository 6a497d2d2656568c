/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci/boot_display.h"

#include "base/file.h"
#include "base/str.h"
#include "pci/iomem.h"
#include "pci/sysfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ARBITER "/dev/vga_arbiter"
#define ARBITER_SIZE 256

/*
 * The kernel creates one of them (sysfb_init). The first three may be on a card, and appear in
 * /proc/iomem; the others are text modes or of unknown kind. The last is never the child of a card,
 * so a live machine saves the call.
 */
static const char *const framebuffers[] = {"efi-framebuffer.0", "simple-framebuffer.0",
	"vesa-framebuffer.0", "vga-framebuffer.0", "platform-framebuffer.0", "ega-framebuffer.0"};
#define FRAMEBUFFERS (sizeof(framebuffers) / sizeof(*framebuffers))
#define IN_IOMEM 3

struct look {
	struct boot_display *b;
	struct sysfs *s;
	struct device_list *devices;
	const struct boot_display_from *from;
};

static void found(struct boot_display *b, enum boot_witness by, struct pci_addr addr)
{
	b->by = by;
	b->addr = addr;
}

/* Returns true if /proc/iomem may have more. */
static bool ask_platform(const struct look *l)
{
	struct boot_display *b = l->b;
	char target[SYSFS_PATH_MAX];
	struct pci_addr addr;

	for (size_t i = 0; i < (l->from->live ? FRAMEBUFFERS - 1 : FRAMEBUFFERS); i++) {
		if (sysfs_path_link(l->s, target, sizeof(target), "bus/platform/devices/%s",
			    framebuffers[i]) < 0)
			continue;
		(void)str_copy(b->framebuffer, sizeof(b->framebuffer), framebuffers[i]);
		if (sysfs_path_owner(target, &addr))
			found(b, WITNESS_FRAMEBUFFER, addr);
		return i < IN_IOMEM;
	}
	return false;
}

/* A tree that was made from a few files may lack the link. */
static void ask_below(const struct look *l)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < l->devices->n; i++) {
		const struct device *d = &l->devices->at[i];
		for (size_t k = 0; device_is_display(d) && k < FRAMEBUFFERS; k++) {
			if (!sysfs_path_exists(l->s, "bus/pci/devices/%s/%s",
				    pci_addr_format(d->addr, address), framebuffers[k]))
				continue;
			(void)str_copy(
				l->b->framebuffer, sizeof(l->b->framebuffer), framebuffers[k]);
			found(l->b, WITNESS_FRAMEBUFFER, d->addr);
			return;
		}
	}
}

/* The names that the framebuffer's drivers give their region; "BOOTFB" is the platform device's own
 * (drivers/video/fbdev/efifb.c, vesafb.c, simplefb.c; drivers/firmware/sysfb_simplefb.c). */
static bool scan_region(const struct iomem_region *r, void *to)
{
	static const char *const names[] = {
		"BOOTFB", "efifb", "vesafb", "simplefb", "simpledrm", "efidrm", "vesadrm"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_equal(r->name, names[i])) {
			found(to, WITNESS_IOMEM, r->owner);
			return true;
		}
	return false;
}

static int scan_card(const char *name, void *to)
{
	const struct look *l = to;
	char text[SYSFS_PATH_MAX];
	struct pci_addr addr;

	if (strchr(name, '-') ||
		sysfs_path_read(l->s, text, sizeof(text), "class/drm/%s/boot_display", name) < 0 ||
		!str_equal(text, "1") ||
		sysfs_path_link(l->s, text, sizeof(text), "class/drm/%s", name) < 0 ||
		!sysfs_path_owner(text, &addr))
		return 0;
	found(l->b, WITNESS_DRM, addr);
	return 1;
}

/* "count:2,PCI:0000:00:02.0,decodes=io+mem,owns=io+mem,locks=none(0:0)"; "invalid" if there is no
 * default (vga_arb_read in drivers/pci/vgaarb.c). */
static void ask_arbiter(const struct look *l)
{
	char text[ARBITER_SIZE], *at;
	struct pci_addr addr;

	if (file_read_small(AT_FDCWD, ARBITER, text, sizeof(text)) < 0 ||
		!(at = strstr(text, ",PCI:")))
		return;
	at += strlen(",PCI:");
	at[strcspn(at, ",")] = '\0';
	if (pci_addr_parse(at, &addr))
		found(l->b, WITNESS_ARBITER, addr);
}

/* A driver that created connectors has outputs. */
static int scan_connector(const char *name, void *to)
{
	const struct look *l = to;
	char target[SYSFS_PATH_MAX];
	struct pci_addr addr;

	if (!strchr(name, '-') ||
		sysfs_path_link(l->s, target, sizeof(target), "class/drm/%s", name) < 0 ||
		!sysfs_path_owner(target, &addr))
		return 0;
	struct device *d = device_find(l->devices, addr);
	if (d)
		d->has_screens = true;
	return 0;
}

static bool some_is_3d(const struct device_list *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->at[i].class >> 8 == PCI_CLASS_3D)
			return true;
	return false;
}

/* A laptop's built-in panel (eDP) wins over all others. */
static int scan_screen(const char *name, void *to)
{
	const struct look *l = to;
	const char *connector = strchr(name, '-');
	char text[SYSFS_PATH_MAX];
	struct pci_addr addr;

	if (!connector || (l->b->by == WITNESS_SCREEN && !str_starts(connector, "-eDP-")) ||
		sysfs_path_read(l->s, text, sizeof(text), "class/drm/%s/status", name) < 0 ||
		!str_equal(text, "connected") ||
		sysfs_path_link(l->s, text, sizeof(text), "class/drm/%s", name) < 0 ||
		!sysfs_path_owner(text, &addr))
		return 0;
	found(l->b, WITNESS_SCREEN, addr);
	return str_starts(connector, "-eDP-");
}

static void ask_boot_vga(const struct look *l)
{
	for (size_t i = 0; i < l->devices->n && l->b->by == WITNESS_NONE; i++)
		if (l->devices->at[i].boot_vga == 1)
			found(l->b, WITNESS_BOOT_VGA, l->devices->at[i].addr);
}

static void ask(struct look *l)
{
	const struct boot_display_from *from = l->from;
	struct boot_display *b = l->b;
	bool again = b->asked;

	b->asked = true;
	if (!again && (ask_platform(l) || !from->live) && b->by == WITNESS_NONE &&
		(from->live || from->root))
		(void)iomem_find(from->live ? NULL : from->root, scan_region, b);
	if (b->by == WITNESS_NONE && !from->live)
		ask_below(l);
	if (b->by == WITNESS_NONE && !again && from->running)
		(void)!sysfs_path_each(l->s, "class/drm", scan_card, l);
	ask_boot_vga(l);
	if (b->by == WITNESS_NONE && !again && from->live)
		ask_arbiter(l);
	if (b->by == WITNESS_NONE && from->screens)
		(void)!sysfs_path_each(l->s, "class/drm", scan_screen, l);
}

void boot_display_find(struct boot_display *b, struct sysfs *s, struct device_list *devices,
	const struct boot_display_from *from)
{
	static const struct boot_display_from nowhere;
	struct look l = {b, s, devices, from ? from : &nowhere};

	if (b->by == WITNESS_NONE)
		ask(&l);
	if (l.from->running && some_is_3d(devices))
		(void)!sysfs_path_each(s, "class/drm", scan_connector, &l);
	for (size_t i = 0; i < devices->n; i++) {
		struct device *d = &devices->at[i];
		d->is_boot_display = b->by == WITNESS_BOOT_VGA
					     ? d->boot_vga == 1
					     : b->by != WITNESS_NONE &&
						       pci_addr_compare(d->addr, b->addr) == 0;
	}
}

const char *boot_display_framebuffer(size_t i)
{
	return i < FRAMEBUFFERS ? framebuffers[i] : NULL;
}

const char *boot_display_witness(const struct boot_display *b)
{
	static const char *const names[] = {"nothing", "", "/proc/iomem", "boot_display of DRM",
		"boot_vga", ARBITER, "a connected screen"};

	return b->by == WITNESS_FRAMEBUFFER ? b->framebuffer : names[b->by];
}

const struct device *boot_display_differs(
	const struct boot_display *b, const struct device_list *devices)
{
	for (size_t i = 0; b->by != WITNESS_NONE && i < devices->n; i++)
		if (devices->at[i].boot_vga == 1 && !devices->at[i].is_boot_display)
			return &devices->at[i];
	return NULL;
}
