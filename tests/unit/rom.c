/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/rom_image.h"

#include "check.h"

#include <stdlib.h>

/* A ROM that is put together byte by byte, as the PCI Firmware Specification has it. */
static uint8_t data[64 * 1024];
static size_t len;

static void begin(void)
{
	memset(data, 0, sizeof(data));
	len = 0;
}

static void put(size_t at, const char *text)
{
	for (; *text; text++)
		data[at++] = (uint8_t)*text;
}

static void put16(size_t at, unsigned value)
{
	data[at] = (uint8_t)value;
	data[at + 1] = (uint8_t)(value >> 8);
}

/* Adds an image of so many units of 512 bytes; PCIR stands at 0x1c. Returns where it begins. */
static size_t add(uint8_t code, unsigned units, bool last)
{
	size_t at = len;

	data[at] = 0x55;
	data[at + 1] = 0xaa;
	put16(at + 0x18, 0x1c);
	put(at + 0x1c, "PCIR");
	put16(at + 0x1c + 4, 0x10de);
	put16(at + 0x1c + 6, 0x2204);
	put16(at + 0x1c + 0x0a, 0x1c);
	data[at + 0x1c + 0x0f] = 0x03;
	put16(at + 0x1c + 0x10, units);
	data[at + 0x1c + 0x14] = code;
	data[at + 0x1c + 0x15] = last ? 0x80 : 0;
	len += (size_t)units * 512;
	return at;
}

static size_t add_bios(unsigned units, bool last)
{
	size_t at = add(ROM_CODE_X86, units, last);
	uint8_t sum = 0;

	data[at + 2] = (uint8_t)units;
	for (size_t i = 0; i < (size_t)units * 512; i++)
		sum = (uint8_t)(sum + data[at + i]);
	data[at + 6] = (uint8_t)-sum;
	return at;
}

static size_t add_efi(unsigned units, unsigned machine, unsigned subsystem, bool last)
{
	size_t at = add(ROM_CODE_EFI, units, last);

	put16(at + 2, units);
	put16(at + 4, 0x0ef1);
	put16(at + 8, subsystem);
	put16(at + 0x0a, machine);
	put16(at + 0x0c, 1);
	return at;
}

/* NVIDIA's structure stands at the multiple of 16 behind PCIR: 0x1c + 0x1c → 0x40. */
static void add_npde(size_t image, unsigned units, bool last)
{
	put(image + 0x40, "NPDE");
	put16(image + 0x48, units);
	data[image + 0x4a] = last ? 0x80 : 0;
}

/* What lies behind the data must not be read: the sanitizer sees to that. */
static bool parse(struct rom *rom)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!CHECK(copy))
		return false;
	memcpy(copy, data, len);
	bool found = rom_parse(rom, copy, len);
	free(copy);
	return found;
}

static void test_two_images(void)
{
	struct rom rom = {0};

	check_case("a BIOS image and one for UEFI, as most cards have them");
	begin();
	add_bios(4, false);
	add_efi(8, ROM_EFI_X64, ROM_EFI_BOOT_DRIVER, true);
	if (!CHECK(parse(&rom)))
		return;
	CHECK_INT(rom.n, 2);
	CHECK_INT(rom.start, 0);
	CHECK_INT(rom.end, 12 * 512);
	CHECK(rom.whole);
	CHECK_INT(rom.image[0].code, ROM_CODE_X86);
	CHECK_INT(rom.image[0].length, 4 * 512);
	CHECK_INT(rom.image[0].sum, 0);
	CHECK_INT(rom.image[0].vendor, 0x10de);
	CHECK_INT(rom.image[0].device, 0x2204);
	CHECK_INT(rom.image[0].class, 0x030000);
	CHECK(!rom.image[0].last);
	CHECK_INT(rom.image[1].offset, 4 * 512);
	CHECK_INT(rom.image[1].code, ROM_CODE_EFI);
	CHECK(rom.image[1].efi && rom.image[1].compressed && rom.image[1].last);
	CHECK_INT(rom.image[1].machine, ROM_EFI_X64);
	CHECK(rom_has_uefi(&rom) && rom_has_bios(&rom));
	CHECK_STR(rom_complaint(&rom), NULL);
}

static void test_uefi(void)
{
	static const struct {
		const char *what;
		unsigned machine, subsystem;
		bool usable;
	} rows[] = {
		{"x64, boot service driver", ROM_EFI_X64, ROM_EFI_BOOT_DRIVER, true},
		{"x64, runtime driver", ROM_EFI_X64, ROM_EFI_RUNTIME_DRIVER, true},
		{"x64, application", ROM_EFI_X64, 10, false},
		{"ARM", ROM_EFI_AARCH64, ROM_EFI_BOOT_DRIVER, false},
		{"EFI byte code", 0x0ebc, ROM_EFI_BOOT_DRIVER, false},
	};
	struct rom rom = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_case("UEFI on x64: %s", rows[i].what);
		begin();
		add_efi(2, rows[i].machine, rows[i].subsystem, true);
		CHECK(parse(&rom));
		CHECK_INT(rom_has_uefi(&rom), rows[i].usable);
		CHECK(!rom_has_bios(&rom));
	}
	check_case("code type 3 without the EFI signature is no driver for UEFI");
	begin();
	add(ROM_CODE_EFI, 2, true);
	CHECK(parse(&rom));
	CHECK(!rom.image[0].efi && !rom_has_uefi(&rom));
}

static void test_around(void)
{
	struct rom rom = {0};

	check_case("a vendor's header in front is passed over, and told");
	begin();
	put(0, "NVGI");
	data[0x100] = 0x55; /* no image: nothing points to a PCIR */
	data[0x101] = 0xaa;
	len = 0x9401;
	add_bios(2, true);
	len += 300;
	CHECK(parse(&rom));
	CHECK_INT(rom.start, 0x9401);
	CHECK_INT(rom.end, 0x9401 + 1024);
	CHECK_INT(rom.size, 0x9401 + 1024 + 300);
	CHECK_INT(rom.n, 1);
	CHECK_HAS(rom_complaint(&rom), "--trim");

	check_case("what pads a ROM to its size is no complaint");
	begin();
	add_bios(2, true);
	memset(data + len, 0xff, 1024);
	len += 1024;
	CHECK(parse(&rom));
	CHECK_INT(rom.end, 1024);
	CHECK_STR(rom_complaint(&rom), NULL);
}

static void test_nvidia(void)
{
	struct rom rom = {0};

	check_case("images that only NVIDIA's driver reads stay, but firmware does not see them");
	begin();
	size_t bios = add_bios(4, false);
	add_npde(bios, 4, false);
	data[bios + 6] = (uint8_t)(data[bios + 6] - 'N' - 'P' - 'D' - 'E' - 4);
	size_t efi = add_efi(8, ROM_EFI_X64, ROM_EFI_BOOT_DRIVER, true);
	add_npde(efi, 8, false);
	size_t own = add(0xe0, 6, true);
	put(own, "VN");
	put(own + 0x1c, "NPDS");
	size_t late = add_efi(2, ROM_EFI_X64, ROM_EFI_BOOT_DRIVER, true);
	CHECK(parse(&rom));
	CHECK_INT(rom.n, 4);
	CHECK_INT(rom.image[0].sum, 0);
	CHECK(!rom.image[1].hidden && rom.image[2].hidden && rom.image[3].hidden);
	CHECK_INT(rom.image[2].offset, own);
	CHECK_INT(rom.image[3].offset, late);
	CHECK_INT(rom.end, len);
	CHECK(rom_image_is_uefi(&rom.image[1]) && !rom_image_is_uefi(&rom.image[3]));
	CHECK_STR(rom_complaint(&rom), NULL);

	check_case("NPDE has the true length");
	begin();
	bios = add(0xe0, 2, true);
	add_npde(bios, 6, true);
	len = (size_t)6 * 512;
	CHECK(parse(&rom));
	CHECK_INT(rom.image[0].length, 6 * 512);

	check_case("an image of NVIDIA's own kind can't be the first");
	begin();
	own = add(0xe0, 2, true);
	put(own, "VN");
	CHECK(!parse(&rom));
}

static void test_damage(void)
{
	struct rom rom = {0};

	check_case("a wrong checksum is told");
	begin();
	add_bios(4, true);
	data[100]++;
	CHECK(parse(&rom));
	CHECK_INT(rom.image[0].sum, 1);
	CHECK_HAS(rom_complaint(&rom), "0x0 has a wrong checksum");

	check_case("an image that is cut off is told, and ends where the data end");
	begin();
	add_bios(2, false);
	add_efi(4, ROM_EFI_X64, ROM_EFI_BOOT_DRIVER, true);
	len -= 700;
	CHECK(parse(&rom));
	CHECK_INT(rom.n, 2);
	CHECK_INT(rom.end, len);
	CHECK(!rom.whole);
	CHECK_HAS(rom_complaint(&rom), "0x400 is cut off");

	check_case("an image that announces another, which is not there, is told");
	begin();
	add_bios(2, false);
	CHECK(parse(&rom));
	CHECK_HAS(rom_complaint(&rom), "none follows");

	check_case("at most so many images are read");
	begin();
	for (unsigned i = 0; i < ROM_IMAGES_MAX + 3; i++)
		add_bios(1, false);
	CHECK(parse(&rom));
	CHECK_INT(rom.n, ROM_IMAGES_MAX);
}

static void test_nothing(void)
{
	struct rom rom = {0};

	check_case("no image: nothing, ones, zeroes, half a header, a pointer that leads out");
	begin();
	CHECK(!parse(&rom));
	CHECK_HAS(rom_complaint(&rom), "no image");
	len = 4096;
	CHECK(!parse(&rom));
	memset(data, 0xff, len);
	CHECK(!parse(&rom));
	memset(data, 0x55, len);
	CHECK(!parse(&rom));
	begin();
	add_bios(2, true);
	for (len = 0; len < 0x1c + 0x16; len++)
		CHECK(!parse(&rom));
	len = 1024;
	put16(0x18, 1024 - 4);
	CHECK(!parse(&rom));
	put16(0x18, 0);
	CHECK(!parse(&rom));

	check_case("an image of no length is none");
	begin();
	add(ROM_CODE_X86, 0, true);
	len = 1024;
	CHECK(!parse(&rom));
}

int main(void)
{
	test_two_images();
	test_uefi();
	test_around();
	test_nvidia();
	test_damage();
	test_nothing();
	return check_done();
}
