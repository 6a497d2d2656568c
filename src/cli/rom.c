/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/replace.h"
#include "base/str.h"
#include "cli/cmd.h"
#include "cli/rom_dump.h"
#include "cli/rom_image.h"
#include "cli/sysroot.h"
#include "core/release.h"
#include "host/in_use_by.h"
#include "pci/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rom_options {
	const char *sysfs;
	const char *address; /* the device, or NULL */
	const char *check;   /* the file, or NULL */
	const char *output;  /* the file to write, or NULL */
	bool trim;
	bool json;
};

/* The bytes of a ROM, and their origin. */
struct source {
	const char *name;
	char address[PCI_ADDR_MAX];
	uint8_t *data;
	size_t len;
	struct pci_id id; /* the device's; vendor 0 for a file */
};

static void source_done(struct source *s)
{
	free(s->data);
}

static const char *type_name(const struct rom_image *image)
{
	switch (image->code) {
	case ROM_CODE_X86:
		return "bios";
	case ROM_CODE_OPEN_FIRMWARE:
		return "open-firmware";
	case ROM_CODE_EFI:
		return "uefi";
	default:
		return "other";
	}
}

static const char *machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} known[] = {
		{0x014c, "ia32"},
		{0x0200, "ia64"},
		{0x01c2, "arm"},
		{0x0ebc, "ebc"},
		{ROM_EFI_X64, "x64"},
		{ROM_EFI_AARCH64, "aa64"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].machine == machine)
			return known[i].name;
	return "unknown";
}

static const char *subsystem_name(uint16_t subsystem)
{
	return subsystem == ROM_EFI_BOOT_DRIVER      ? "boot-driver"
	       : subsystem == ROM_EFI_RUNTIME_DRIVER ? "runtime-driver"
						     : "other";
}

static struct pci_id image_id(const struct rom_image *image)
{
	return (struct pci_id){image->vendor, image->device, PCI_ANY, PCI_ANY};
}

static void print_image_json(struct json *j, const struct rom_image *image)
{
	char id[PCI_ID_MAX], class[8];
	const struct pci_id it = image_id(image);

	(void)snprintf(class, sizeof(class), "%06x", image->class);
	json_open_object(j, NULL);
	json_int(j, "offset", (long long)image->offset);
	json_int(j, "length", (long long)image->length);
	json_string(j, "type", type_name(image));
	json_int(j, "code", image->code);
	json_string(j, "id", pci_id_format(&it, id));
	json_string(j, "class", class);
	json_bool(j, "last", image->last);
	json_bool(j, "hidden", image->hidden);
	if (image->code == ROM_CODE_X86)
		json_bool(j, "checksum", image->sum == 0);
	else
		json_null(j, "checksum");
	json_string(j, "machine", image->efi ? machine_name(image->machine) : NULL);
	json_string(j, "subsystem", image->efi ? subsystem_name(image->subsystem) : NULL);
	json_bool(j, "compressed", image->compressed);
	json_close_object(j);
}

static void print_json(const struct source *s, const struct rom *rom)
{
	struct json j = {.f = stdout};
	const char *complaint = rom_complaint(rom);

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_string(&j, "source", s->name);
	json_int(&j, "size", (long long)rom->size);
	json_int(&j, "start", (long long)rom->start);
	json_int(&j, "end", (long long)rom->end);
	json_open_array(&j, "images");
	for (unsigned i = 0; i < rom->n; i++)
		print_image_json(&j, &rom->image[i]);
	json_close_array(&j);
	json_bool(&j, "uefi", rom_has_uefi(rom));
	json_bool(&j, "bios", rom_has_bios(rom));
	json_open_array(&j, "errors");
	if (complaint)
		json_string(&j, NULL, complaint);
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

static void print_image(const struct rom_image *image)
{
	char id[PCI_ID_MAX], what[64];
	const struct pci_id it = image_id(image);

	if (image->efi)
		(void)snprintf(what, sizeof(what), "%s %s%s", machine_name(image->machine),
			subsystem_name(image->subsystem), image->compressed ? ", compressed" : "");
	else if (image->code == ROM_CODE_X86)
		(void)snprintf(what, sizeof(what), "checksum %s", image->sum ? "wrong" : "right");
	else
		(void)snprintf(what, sizeof(what), "code type 0x%02x", image->code);
	printf("0x%06zx %8zu %-13s %-9s %06x %s%s\n", image->offset, image->length,
		type_name(image), pci_id_format(&it, id), image->class, what,
		image->hidden ? ", for the driver only" : "");
}

static void print_table(const struct rom *rom)
{
	if (rom->n > 0)
		printf("%-8s %8s %-13s %-9s %-6s %s\n", "OFFSET", "BYTES", "TYPE", "ID", "CLASS",
			"WHAT");
	for (unsigned i = 0; i < rom->n; i++)
		print_image(&rom->image[i]);
	printf("UEFI can use it: %s; a BIOS: %s\n", rom_has_uefi(rom) ? "yes" : "no",
		rom_has_bios(rom) ? "yes" : "no");
	if (rom->start > 0)
		printf("%zu bytes of a vendor's header before the first image\n", rom->start);
	if (rom->n > 0 && rom->end < rom->size)
		printf("%zu bytes behind the last image\n", rom->size - rom->end);
}

/* An active driver may have moved, changed or hidden the content of the ROM. */
static void log_user(struct sysfs *s, struct pci_addr addr, const char *address)
{
	char driver[32];

	if (dump_is_shadow(s, addr))
		log_print(LOG_WARNING,
			"%s: the kernel shows the copy that the firmware made at 0xc0000 and ran, of this display's ROM or of another's; dump it on a boot with another boot display",
			address);
	else if (sysfs_link(s, addr, "driver", driver, sizeof(driver)) > 0 &&
		 !strstr(driver, "vfio"))
		log_print(LOG_WARNING,
			"%s is on %s: a driver at work may change what its ROM shows; a dump from vfio-pci is sure",
			address, driver);
}

/* The ROM may share its decoder with the memory that a VM uses (PCI Local Bus Specification 3.0,
 * section 6.2.5.2): if it is enabled meanwhile, both read wrong data. */
static bool vm_has_it(struct sysfs *s, struct device *d, struct err *err)
{
	_cleanup_(text_done) struct text users = {0};
	char address[PCI_ADDR_MAX];

	scan_driver(s, d);
	scan_group(s, d);
	if (!release_is_vfio(d->driver) || in_use_by_find(&users, s, d, true) <= 0)
		return false;
	(void)err_set(err, EBUSY, "%s is in use: %s; read its ROM when the VM has ended",
		pci_addr_format(d->addr, address), users.data);
	return true;
}

static enum cmd_result dump(struct source *ret, const struct rom_options *o, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	_cleanup_(device_list_done) struct device_list list = {0};
	struct pci_addr addr;

	if (!pci_addr_parse(o->address, &addr)) {
		(void)err_set(
			err, EINVAL, "invalid PCI address '%s'; expected 0000:0a:00.0", o->address);
		return CMD_USAGE;
	}
	if (needs_root("rom", o->sysfs, err) < 0 || sysfs_open(&s, o->sysfs, err) < 0)
		return CMD_SYSTEM;
	pci_addr_format(addr, ret->address);
	ret->name = ret->address;
	int r = scan_one(&s, addr, &list, err);
	if (r < 0)
		return CMD_SYSTEM;
	if (r == 0) {
		(void)err_set(err, ENODEV, "%s: there is no such device", ret->address);
		return CMD_NOT_ALL;
	}
	ret->id = list.at[0].id;
	if (!o->sysfs && vm_has_it(&s, &list.at[0], err))
		return CMD_NOT_ALL;
	log_user(&s, addr, ret->address);
	r = dump_rom(&s, addr, &ret->data, &ret->len, err);
	return r == 0 ? CMD_AS_ASKED : r == -ENOENT || r == -EIO ? CMD_NOT_ALL : CMD_SYSTEM;
}

static enum cmd_result load(struct source *ret, const struct rom_options *o, struct err *err)
{
	char *data = NULL;

	ret->name = o->check;
	if (file_read(AT_FDCWD, o->check, ROM_MAX, &data, &ret->len, err) < 0)
		return CMD_SYSTEM;
	ret->data = (uint8_t *)data;
	return CMD_AS_ASKED;
}

static void log_strange(const struct source *s, const struct rom *rom)
{
	char id[PCI_ID_MAX];
	const struct pci_id it = rom->n > 0 ? image_id(&rom->image[0]) : (struct pci_id){0};

	if (s->id.vendor && rom->n > 0 && it.vendor != s->id.vendor)
		log_print(LOG_WARNING, "%s: the ROM says it is for %s, which is another maker",
			s->name, pci_id_format(&it, id));
	bool display = rom->n > 0 && rom->image[0].class >> 16 == PCI_BASE_DISPLAY;
	if (display && !rom_has_uefi(rom))
		log_print(LOG_NOTICE,
			"%s: no image in it is for UEFI on x64: a guest with OVMF shows nothing before its own driver has started",
			s->name);
}

static enum cmd_result store(
	const struct source *s, const struct rom_options *o, const struct rom *rom, struct err *err)
{
	size_t start = o->trim ? rom->start : 0, end = o->trim ? rom->end : s->len;

	if (o->trim && rom->n == 0) {
		(void)err_set(
			err, EINVAL, "%s: there is no image in it; nothing is written", s->name);
		return CMD_NOT_ALL;
	}
	if (file_replace_path(o->output, (const char *)s->data + start, end - start, 0644, err) < 0)
		return CMD_SYSTEM;
	log_print(LOG_INFO, "%s: %zu bytes written to %s", s->name, end - start, o->output);
	return CMD_AS_ASKED;
}

/* The request is for a ROM that a guest can use: --trim makes one from a ROM with a header. */
static enum cmd_result look(const struct source *s, const struct rom_options *o, struct err *err)
{
	struct rom rom = {0};

	(void)rom_parse(&rom, s->data, s->len);
	if (o->json)
		print_json(s, &rom);
	else
		print_table(&rom);
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	log_strange(s, &rom);
	enum cmd_result r = o->output ? store(s, o, &rom, err) : CMD_AS_ASKED;
	if (r != CMD_AS_ASKED)
		return r;
	if (o->output && o->trim)
		(void)rom_parse(&rom, s->data + rom.start, rom.end - rom.start);
	const char *complaint = rom_complaint(&rom);
	if (!complaint)
		return CMD_AS_ASKED;
	(void)err_set(err, EINVAL, "%s: %s", s->name, complaint);
	return CMD_NOT_ALL;
}

enum cmd_result cmd_rom(int argc, char **argv, struct err *err)
{
	_cleanup_(source_done) struct source source = {0};
	struct rom_options o = {0};
	static const struct command_info info = {
		.about =
			"Reads the option ROM of a device, or of a file, and tells what images are in it.",
		.takes = "one PCI address, or --check FILE",
		.operands = "ADDRESS\n       vfio-bind rom [OPTION...] --check FILE",
		.most = 1};
	bool help = false;
	const struct option_row rows[] = {
		{"output", 'o', "FILE", "write the ROM to FILE", &o.output, NULL, NULL, NULL},
		{"check", 0, "FILE", "read FILE instead of a device's ROM", &o.check, NULL, NULL,
			NULL},
		{"trim", 0, NULL, "write the images alone, without the data around them", NULL,
			&o.trim, NULL, NULL},
		{"json", 0, NULL, "print JSON instead of a table", NULL, &o.json, NULL, NULL},
		{"sysfs", 0, "DIR", "let DIR stand for /sys", &o.sysfs, NULL, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (operands + (o.check != NULL) != 1) {
		(void)err_set(err, EINVAL, "rom takes one PCI address, or --check FILE");
		return CMD_USAGE;
	}
	if (o.trim && !o.output) {
		(void)err_set(err, EINVAL, "--trim needs a place to write: --output FILE");
		return CMD_USAGE;
	}
	o.address = operands ? argv[1] : NULL;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	enum cmd_result r = o.check ? load(&source, &o, err) : dump(&source, &o, err);
	return r == CMD_AS_ASKED ? look(&source, &o, err) : r;
}
