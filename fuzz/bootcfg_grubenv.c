/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what stands in GRUB's environment block: the frame around them is always right, so
 * that they get to be read. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char signature[] = "# GRUB Environment Block\n";
	/* What is filled up with # is filled up anew. */
	const struct fuzz_format f = {.edit = grubenv_edit, .given = "#", .one_line = true};
	uint8_t block[1024];
	size_t n = sizeof(signature) - 1;

	if (size > sizeof(block) - n)
		return 0;
	memset(block, '#', sizeof(block));
	memcpy(block, signature, n);
	memcpy(block + n, data, size);
	return fuzz_edit(block, sizeof(block), &f);
}
