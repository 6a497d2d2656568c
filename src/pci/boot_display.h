/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_BOOT_DISPLAY_H
#define PCI_BOOT_DISPLAY_H

#include "pci/scan.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * Which function the firmware shows the boot on. The first of these that names one decides:
 *
 * - the platform device of the firmware's framebuffer is a child of the function: since Linux 6.9,
 *   from before any driver until the card's own driver takes over (sysfb_parent_dev in
 *   drivers/firmware/sysfb.c). It is found by its link in bus/platform/devices, which takes one
 *   call a name and not one a display.
 * - /proc/iomem shows that framebuffer inside a BAR of the function: older kernels.
 * - `boot_display` of a DRM device is 1 (since 6.18, video_is_primary_device in
 *   arch/x86/video/video-common.c): only on a running system, where there are such drivers.
 * - boot_vga is 1: the default of the VGA arbiter, class 0300 only (vga_is_boot_device in
 *   drivers/pci/vgaarb.c). It may be a dark card.
 * - /dev/vga_arbiter names its default: for a machine of which not all displays were looked at.
 * - a screen is connected: says nothing of the boot, and is asked only where a person chooses.
 */
enum boot_witness {
	WITNESS_NONE,
	WITNESS_FRAMEBUFFER,
	WITNESS_IOMEM,
	WITNESS_DRM,
	WITNESS_BOOT_VGA,
	WITNESS_ARBITER,
	WITNESS_SCREEN,
};

/* Where to look beside sysfs. Zero-initialised: nowhere, as for a tree alone. */
struct boot_display_from {
	const char *root; /* what stands for /, or NULL: there is none */
	bool live;        /* it is this machine, and /dev and /proc are its own */
	bool running;     /* GPU drivers may be there, so that DRM is worth asking */
	bool screens;     /* connected screens decide where nothing else does */
};

struct boot_display {
	enum boot_witness by;
	struct pci_addr addr; /* not valid for WITNESS_NONE */
	/* The framebuffer's platform device ("efi-framebuffer.0") if there is one, wherever. */
	char framebuffer[32];
	bool asked; /* all but the displays' own files were asked */
};

/*
 * Finds it, and sets is_boot_display of the functions in the list that it is; of several with
 * boot_vga = 1 all are. boot_vga has to be read before (scan_boot_vga). May be called again when
 * the list has grown: what was asked is not asked twice. At boot this takes at most eight system
 * calls and none a display, with one more a page of a /proc/iomem of more than three. On a running
 * system it sets has_screens, too, of 3D controllers with connectors.
 */
void boot_display_find(struct boot_display *b, struct sysfs *s, struct device_list *devices,
	const struct boot_display_from *from);

/* The platform devices that may be the framebuffer, by number; NULL behind the last. */
const char *boot_display_framebuffer(size_t i);

/* Who says so: "efi-framebuffer.0", "/proc/iomem", "boot_vga". */
const char *boot_display_witness(const struct boot_display *b);

/* The first of the list that has boot_vga = 1 though the boot display is another, or NULL. */
const struct device *boot_display_differs(
	const struct boot_display *b, const struct device_list *devices);

#endif
