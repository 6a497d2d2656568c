/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the head of an EFI program: each section that comes out lies within the file. */
#include "shared/pe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t file_size = size > 0 ? size * data[size - 1] : 0;
	struct pe p;

	if (pe_parse(&p, data, size, file_size) < 0)
		return 0;
	for (size_t i = 0; i < p.n; i++)
		if (p.at[i].offset > file_size || p.at[i].size > file_size - p.at[i].offset ||
			p.at[i].name[8] != '\0')
			abort();
	pe_done(&p);
	return 0;
}
