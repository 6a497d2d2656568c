/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/rom_image.h"

#include <stdio.h>
#include <string.h>

/* PCI Firmware Specification 3.3, section 5.1: lengths are in units of 512 bytes. */
#define UNIT 512
#define HEADER_SIZE 0x1a /* including the pointer to the PCI Data Structure */
#define PCIR_SIZE 0x16   /* including the indicator */
#define LAST_IMAGE 0x80

static uint16_t word(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/*
 * NVIDIA's own structure follows PCIR, at the next multiple of 16, and has the true length and
 * indicator: after the last image of PCIR there may be others that only the driver reads (nouveau,
 * drivers/gpu/drm/nouveau/nvkm/subdev/bios/npde.c).
 */
static void read_npde(struct rom_image *image, const uint8_t *head, size_t room, size_t pcir)
{
	size_t at = (pcir + word(head + pcir + 0x0a) + 15) & ~(size_t)15;

	if (at + 0x0b > room || memcmp(head + at, "NPDE", 4) != 0)
		return;
	size_t length = (size_t)word(head + at + 0x08) * UNIT;
	if (length < at + 0x0b)
		return;
	image->length = length;
	image->last = head[at + 0x0a] & LAST_IMAGE;
}

static void read_efi(struct rom_image *image, const uint8_t *head)
{
	static const uint8_t signature[] = {0xf1, 0x0e, 0, 0};

	image->efi = memcmp(head + 4, signature, sizeof(signature)) == 0;
	if (!image->efi)
		return;
	image->subsystem = word(head + 0x08);
	image->machine = word(head + 0x0a);
	image->compressed = word(head + 0x0c) != 0;
}

static bool has_signature(const uint8_t *head, bool first)
{
	if (head[0] == 0x55 && head[1] == 0xaa)
		return true;
	/* Images for NVIDIA's driver only have their own signature, "VN" (nouveau,
	 * .../bios/image.c). */
	return !first && head[0] == 'V' && head[1] == 'N';
}

/* Reads the image at this offset, if there is one. Its length may exceed the data. */
static bool read_image(
	struct rom_image *ret, const uint8_t *data, size_t len, size_t offset, bool first)
{
	const uint8_t *head = data + offset;
	size_t room = len - offset;
	struct rom_image image = {.offset = offset};

	if (room < HEADER_SIZE || !has_signature(head, first))
		return false;
	size_t pcir = word(head + 0x18);
	if (pcir < HEADER_SIZE || pcir + PCIR_SIZE > room)
		return false;
	const uint8_t *p = head + pcir;
	bool foreign = !first && (memcmp(p, "NPDS", 4) == 0 || memcmp(p, "RGIS", 4) == 0);
	if (memcmp(p, "PCIR", 4) != 0 && !foreign)
		return false;
	image.vendor = word(p + 0x04);
	image.device = word(p + 0x06);
	image.class = (uint32_t)p[0x0d] | (uint32_t)p[0x0e] << 8 | (uint32_t)p[0x0f] << 16;
	image.length = (size_t)word(p + 0x10) * UNIT;
	image.code = p[0x14];
	image.last = p[0x15] & LAST_IMAGE;
	read_npde(&image, head, room, pcir);
	if (image.length < pcir + PCIR_SIZE) /* the structure is part of the image */
		return false;
	if (image.code == ROM_CODE_EFI)
		read_efi(&image, head);
	*ret = image;
	return true;
}

/* In a legacy image the bytes counted by its header add up to zero. PCIR may count more: the rest
 * is padding. */
static void add_up(struct rom_image *image, const uint8_t *data)
{
	size_t n = (size_t)data[image->offset + 2] * UNIT;

	if (n > image->length || n == 0)
		n = image->length;
	for (size_t i = 0; i < n; i++)
		image->sum = (uint8_t)(image->sum + data[image->offset + i]);
}

/* The length of a vendor's header is not documented: the ROM starts at the first image. */
static bool find_first(struct rom *rom, const uint8_t *data, size_t len)
{
	for (size_t at = 0; at + HEADER_SIZE <= len; at++) {
		const uint8_t *found = memchr(data + at, 0x55, len - at - 1);
		if (!found)
			return false;
		at = (size_t)(found - data);
		if (read_image(&rom->image[0], data, len, at, true)) {
			rom->start = at;
			return true;
		}
	}
	return false;
}

static void complain(struct rom *rom, const char *what, const struct rom_image *image)
{
	if (rom->error[0] == '\0')
		(void)snprintf(rom->error, sizeof(rom->error), "the image at 0x%zx %s",
			image->offset, what);
}

/* True if firmware does not read past this image. The indicator of NPDE is for the driver only. */
static bool pcir_ends(const struct rom_image *image, const uint8_t *data)
{
	size_t pcir = image->offset + word(data + image->offset + 0x18);

	return data[pcir + 0x15] & LAST_IMAGE;
}

bool rom_parse(struct rom *ret, const uint8_t *data, size_t len)
{
	bool hidden = false;

	*ret = (struct rom){.size = len};
	if (!find_first(ret, data, len))
		return false;
	for (;;) {
		struct rom_image *image = &ret->image[ret->n++];
		image->hidden = hidden;
		hidden |= pcir_ends(image, data);
		if (image->length > len - image->offset) {
			complain(ret, "is cut off", image);
			image->length = len - image->offset;
			ret->end = len;
			return true;
		}
		if (image->code == ROM_CODE_X86)
			add_up(image, data);
		if (image->sum != 0)
			complain(ret, "has a wrong checksum", image);
		ret->end = image->offset + image->length;
		if (ret->n == ROM_IMAGES_MAX ||
			!read_image(&ret->image[ret->n], data, len, ret->end, false))
			break;
	}
	ret->whole = ret->image[ret->n - 1].last;
	if (!ret->whole)
		complain(ret, "announces another, and none follows", &ret->image[ret->n - 1]);
	return true;
}

bool rom_image_is_uefi(const struct rom_image *image)
{
	return image->code == ROM_CODE_EFI && image->efi && !image->hidden &&
	       image->machine == ROM_EFI_X64 &&
	       (image->subsystem == ROM_EFI_BOOT_DRIVER ||
		       image->subsystem == ROM_EFI_RUNTIME_DRIVER);
}

bool rom_has_uefi(const struct rom *rom)
{
	for (unsigned i = 0; i < rom->n; i++)
		if (rom_image_is_uefi(&rom->image[i]))
			return true;
	return false;
}

bool rom_has_bios(const struct rom *rom)
{
	for (unsigned i = 0; i < rom->n; i++)
		if (rom->image[i].code == ROM_CODE_X86 && !rom->image[i].hidden)
			return true;
	return false;
}

const char *rom_complaint(const struct rom *rom)
{
	if (rom->n == 0)
		return "there is no image in it";
	if (rom->start > 0)
		return "a vendor header precedes the first image; --trim removes it";
	return rom->error[0] ? rom->error : NULL;
}
