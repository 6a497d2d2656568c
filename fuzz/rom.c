/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an expansion ROM: no byte outside is read, the images follow each other without a
 * gap, each where its header stands, and what --trim writes has the same images and nothing else.
 */
#include "cli/rom_image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What the header says, read once more and in another way. */
static unsigned little(const uint8_t *p, unsigned bytes)
{
	unsigned value = 0;

	while (bytes-- > 0)
		value = value << 8 | p[bytes];
	return value;
}

static void judge_image(const struct rom_image *image, const uint8_t *data, size_t size)
{
	const uint8_t *head = data + image->offset;

	must(image->offset < size && image->length > 0 && image->length <= size - image->offset);
	must(memcmp(head, "\x55\xaa", 2) == 0 || memcmp(head, "VN", 2) == 0);
	const uint8_t *pcir = head + little(head + 0x18, 2);
	must(pcir + 0x16 <= data + size);
	must(image->vendor == little(pcir + 4, 2) && image->device == little(pcir + 6, 2));
	must(image->class == little(pcir + 13, 3) && image->code == pcir[0x14]);
	if (image->efi)
		must(image->code == 3 && little(head + 4, 4) == 0x0ef1 &&
			image->machine == little(head + 10, 2));
	if (rom_image_is_uefi(image))
		must(image->efi && !image->hidden);
	if (image->code != ROM_CODE_X86)
		must(image->sum == 0);
}

static void judge(const struct rom *rom, const uint8_t *data, size_t size)
{
	size_t at = rom->start;
	bool uefi = false;

	must(rom->n >= 1 && rom->n <= ROM_IMAGES_MAX && rom->size == size);
	must(!rom->image[0].hidden);
	for (unsigned i = 0; i < rom->n; i++) {
		must(rom->image[i].offset == at);
		judge_image(&rom->image[i], data, size);
		at += rom->image[i].length;
		uefi |= rom_image_is_uefi(&rom->image[i]);
		if (i > 0 && rom->image[i - 1].hidden)
			must(rom->image[i].hidden);
	}
	must(rom->end == at && at <= size);
	must(uefi == rom_has_uefi(rom));
	must(memchr(rom->error, '\0', sizeof(rom->error)));
	if (!rom_complaint(rom))
		must(rom->whole && rom->start == 0);
}

static void judge_trimmed(const struct rom *rom, const uint8_t *data)
{
	size_t size = rom->end - rom->start;
	uint8_t *copy = malloc(size);
	struct rom again;

	if (!copy)
		return;
	memcpy(copy, data + rom->start, size);
	must(rom_parse(&again, copy, size));
	judge(&again, copy, size);
	must(again.start == 0 && again.end == size && again.n == rom->n);
	for (unsigned i = 0; i < rom->n; i++) {
		must(again.image[i].offset == rom->image[i].offset - rom->start);
		must(again.image[i].length == rom->image[i].length);
		must(again.image[i].sum == rom->image[i].sum);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rom rom = {0};

	if (!rom_parse(&rom, data, size)) {
		must(rom.n == 0 && rom_complaint(&rom));
		return 0;
	}
	judge(&rom, data, size);
	judge_trimmed(&rom, data);
	return 0;
}
