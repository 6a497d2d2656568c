/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCI_BOOT_DISPLAY_H
#define PCI_BOOT_DISPLAY_H

#include "pci/device.h"
#include "pci/sysfs.h"

#include <stdbool.h>

/*
 * The function on which the firmware shows the boot. The first of these that names one decides:
 *
 * - the platform device of the firmware's framebuffer is a child of the function: since Linux 6.9,
 *   from before any driver until the card's own driver takes over (sysfb_parent_dev in
 *   drivers/firmware/sysfb.c). It is found by its link in bus/platform/devices, which takes one
 *   call per name, not one per display.
 * - /proc/iomem shows that framebuffer inside a BAR of the function: older kernels.
 * - `boot_display` of a DRM device is 1 (since 6.18, video_is_primary_device in
 *   arch/x86/video/video-common.c): only on a running system, which has DRM drivers.
 * - boot_vga is 1: the default of the VGA arbiter, class 0300 only (vga_is_boot_device in
 *   drivers/pci/vgaarb.c). The card may have no connected screen.
 * - /dev/vga_arbiter names its default: for a machine on which only some displays were read.
 * - a screen is connected: not evidence of the boot display; used only where a person chooses.
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

/* Sources besides sysfs. Zero-initialised: none, as for a recorded sysfs tree. */
struct boot_display_from {
	const char *root; /* the directory used as /, or NULL for none */
	bool live;        /* this machine: /dev and /proc are its own */
	bool running;     /* GPU drivers may be loaded, so DRM is read */
	bool screens;     /* connected screens decide if nothing else does */
};

struct boot_display {
	enum boot_witness by;
	struct pci_addr addr; /* not valid for WITNESS_NONE */
	/* The framebuffer's platform device ("efi-framebuffer.0") if there is one, on any
	 * device. */
	char framebuffer[32];
	bool asked; /* all sources but the displays' own files were read */
};

/*
 * Finds the boot display and sets is_boot_display of that function in the list; of several with
 * boot_vga = 1, of all. boot_vga must be read before (scan_boot_vga). May be called again when the
 * list has grown: a source is not read twice. At boot this takes at most eight system calls and
 * none per display, plus one per page if /proc/iomem has more than three. On a running system it
 * also sets has_screens of 3D controllers with connectors.
 */
void boot_display_find(struct boot_display *b, struct sysfs *s, struct device_list *devices,
	const struct boot_display_from *from);

/* The platform devices that may be the framebuffer, by index; NULL after the last. */
const char *boot_display_framebuffer(size_t i);

/* The source that decided: "efi-framebuffer.0", "/proc/iomem", "boot_vga". */
const char *boot_display_witness(const struct boot_display *b);

/* The first device in the list with boot_vga = 1 that is not the boot display, or NULL. */
const struct device *boot_display_differs(
	const struct boot_display *b, const struct device_list *devices);

#endif
