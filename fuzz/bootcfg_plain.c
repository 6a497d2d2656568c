/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /etc/kernel/cmdline; the first one says whether only its first line is read. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_format f = {.edit = plain_edit, .one_line = true};

	if (size == 0)
		return 0;
	f.format.first_line = data[0] % 2 == 1;
	return fuzz_edit(data + 1, size - 1, &f);
}
