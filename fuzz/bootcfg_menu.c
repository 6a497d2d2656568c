/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a menu that people write; the first one says whose. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_format formats[] = {{.edit = limine_edit}, {.edit = extlinux_edit},
		{.edit = refind_linux_edit}, {.edit = refind_conf_edit}};

	if (size == 0)
		return 0;
	return fuzz_edit(data + 1, size - 1, &formats[data[0] % 4]);
}
