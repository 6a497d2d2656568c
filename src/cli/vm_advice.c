/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm_advice.h"

#include "base/log.h"
#include "host/host_loss.h"
#include "pci/resource.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CLASS_USB 0x0c03

/* OVMF's window for 64-bit BARs is 32 GiB where the VM has not the physical address bits of its
 * host, and each BAR is aligned to its size (PlatformDynamicMmioWindow and
 * PlatformAddressWidthFromSmbios in OvmfPkg/Library/PlatformInitLib/MemDetect.c of edk2): a BAR of
 * 32 GiB does not fit, nor do two of 16. */
#define BARS_MAX ((uint64_t)24 << 30)

static size_t next_device(const struct domain *d, const char *name, size_t after)
{
	return xml_child(&d->xml, d->devices, name, after);
}

/* The attribute of the element's first child of this name, or NULL. */
static const char *child_attr(
	const struct domain *d, size_t element, const char *child, const char *attr)
{
	size_t at = xml_child(&d->xml, element, child, XML_NONE);

	return at == XML_NONE ? NULL : xml_attr(&d->xml, at, attr);
}

static void advise_display(const char *target, const struct domain *d)
{
	for (size_t e = XML_NONE; (e = next_device(d, "video", e)) != XML_NONE;) {
		const char *model = child_attr(d, e, "model", "type");
		if (str_equal(model ? model : "", "none"))
			continue;
		log_print(LOG_WARNING,
			"%s, line %u: the emulated display (%s) stays beside the card, and the guest may show on that alone; once the card has its driver there, replace the element by <video><model type='none'/></video>",
			target, d->xml.v[e].line, model ? model : "of libvirt's choice");
	}
}

static bool has_display(const struct guest *g, struct pci_addr slot)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->list[i].class >> 16 == 3 && pci_addr_same_device(g->list[i].addr, slot))
			return true;
	return false;
}

/* Not that of a graphics card, which nothing is plugged into as a rule. */
static bool has_usb_controller(struct sysfs *s, const struct domain *d, const struct guest *g)
{
	char class[16];

	for (size_t i = 0; i < g->n; i++)
		if (g->list[i].class >> 8 == CLASS_USB && !has_display(g, g->list[i].addr))
			return true;
	for (size_t i = 0; i < d->n; i++) /* those that it had before */
		if (sysfs_read(s, d->functions[i].addr, "class", class, sizeof(class)) >= 0 &&
			strtoul(class, NULL, 16) >> 8 == CLASS_USB &&
			!has_display(g, d->functions[i].addr))
			return true;
	return false;
}

/* A USB device of the host, or its input devices. */
static bool has_input(const struct domain *d)
{
	for (size_t e = XML_NONE; (e = next_device(d, "hostdev", e)) != XML_NONE;)
		if (str_equal(xml_attr(&d->xml, e, "type") ? xml_attr(&d->xml, e, "type") : "",
			    "usb"))
			return true;
	for (size_t e = XML_NONE; (e = next_device(d, "input", e)) != XML_NONE;) {
		const char *type = xml_attr(&d->xml, e, "type");
		if (type && (str_equal(type, "evdev") || str_equal(type, "passthrough")))
			return true;
	}
	return false;
}

static void log_keyboards(struct sysfs *s, const struct sysroot *w)
{
	_cleanup_(host_uses_done) struct host_uses uses = {0};

	if (host_keyboards_read(&uses, s, w) < 0)
		return;
	for (size_t i = 0; i < uses.n_keyboards; i++) {
		const struct host_keyboard *k = &uses.keyboards[i];
		if (k->usb_vendor)
			log_print(LOG_INFO,
				"  <hostdev mode='subsystem' type='usb' managed='yes'><source><vendor id='0x%04x'/><product id='0x%04x'/></source></hostdev>  <!-- %s -->",
				k->usb_vendor, k->usb_product, k->name);
	}
}

static void advise_input(
	const char *target, struct sysfs *s, const struct domain *d, const struct guest *g)
{
	if (has_input(d) || has_usb_controller(s, d, g))
		return;
	log_print(LOG_WARNING,
		next_device(d, "graphics", XML_NONE) != XML_NONE
			? "%s: its keyboard and mouse work in the viewer's window alone; for the card's own screen, pass a USB controller to it, or devices of the host by lines like these in <devices>, which the host does not have while the VM runs:"
			: "%s: nothing gives it a keyboard; pass a USB controller to it, or devices of the host by lines like these in <devices>, which the host does not have while the VM runs:",
		target);
	log_keyboards(s, &g->args.sysroot);
}

static void advise_bars(const char *target, struct sysfs *s, const struct guest *g)
{
	struct resource have[RESOURCES];
	uint64_t all = 0;

	for (size_t i = 0; i < g->n; i++) {
		resource_read(s, g->list[i].addr, have);
		for (size_t k = 0; k < RESOURCE_BARS; k++)
			all += have[k].bytes;
	}
	if (all > BARS_MAX)
		log_print(LOG_WARNING,
			"%s: the BARs of these devices are %" PRIu64
			" GiB, and the VM's UEFI maps no more than 32 unless it knows the host's address bits: <cpu mode='host-passthrough'><maxphysaddr mode='passthrough'/></cpu>, or `-cpu host,host-phys-bits=on` of QEMU",
			target, all >> 30);
}

void vm_advise(const char *target, const struct domain *domain, const struct guest *guest)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	struct err err = {""};
	bool display = false;

	if (sysfs_open(&s, guest->args.sysroot.sysfs, &err) < 0)
		return; /* the devices were read there before */
	for (size_t i = 0; i < guest->n; i++)
		display |= guest->list[i].class >> 16 == 3;
	if (display && domain->text) {
		advise_display(target, domain);
		advise_input(target, &s, domain, guest);
	}
	advise_bars(target, &s, guest);
}
