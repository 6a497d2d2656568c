/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_ROM_IMAGE_H
#define CLI_ROM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest ROM BAR is 16 MiB (PCI Local Bus Specification 3.0, section 6.2.5.2). */
#define ROM_MAX ((size_t)16 << 20)
#define ROM_IMAGES_MAX 16

/* Code type of an image (PCI Firmware Specification 3.3, table 5-1). */
enum rom_code { ROM_CODE_X86 = 0, ROM_CODE_OPEN_FIRMWARE = 1, ROM_CODE_EFI = 3 };

/* EFI PCI Expansion ROM Header (UEFI Specification 2.10, section 14.4.2); types of machines and
 * subsystems are those of PE/COFF. */
#define ROM_EFI_X64 0x8664
#define ROM_EFI_AARCH64 0xaa64
#define ROM_EFI_BOOT_DRIVER 11
#define ROM_EFI_RUNTIME_DRIVER 12

/* One image of an expansion ROM. */
struct rom_image {
	size_t offset, length; /* in the whole file */
	uint16_t vendor, device;
	uint32_t class; /* 24 bits */
	uint8_t code;   /* enum rom_code, or a value of the vendor (0xe0 at NVIDIA) */
	bool last;      /* its indicator says that no image follows */
	bool hidden;    /* after the last image: firmware does not read it */
	uint8_t sum;    /* of all bytes of a legacy image; 0 if it is valid */
	/* Of an EFI image: */
	bool efi; /* its header has the signature 0x0ef1 */
	uint16_t subsystem, machine;
	bool compressed;
};

/* The content of a ROM. The bytes before `start` and after `end` belong to no image. */
struct rom {
	size_t start, end, size;
	struct rom_image image[ROM_IMAGES_MAX];
	unsigned n;
	bool whole;      /* the last image has the last-image indicator, and no image is cut off */
	char error[128]; /* what is wrong with it, "" if nothing is */
};

/*
 * Parses the images of an expansion ROM by their headers: 55 aa, the PCI Data Structure ("PCIR")
 * and, at NVIDIA, the structure after it ("NPDE") that describes what follows the last image of
 * PCIR. Data of a vendor's tool before the first image is skipped. True if there is an image.
 */
bool rom_parse(struct rom *ret, const uint8_t *data, size_t len);

/* True if the UEFI of an x86 guest can drive the device by this image. */
bool rom_image_is_uefi(const struct rom_image *image);
/* True if it can by one of the images; and if a BIOS (SeaBIOS) can. */
bool rom_has_uefi(const struct rom *rom);
bool rom_has_bios(const struct rom *rom);

/* Why a guest's firmware can't use the ROM as it is, or NULL. */
const char *rom_complaint(const struct rom *rom);

#endif
