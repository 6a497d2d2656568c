/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the JSON of kernelstub. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_format f = {.edit = kernelstub_edit, .one_line = true};
	return fuzz_edit(data, size, &f);
}
