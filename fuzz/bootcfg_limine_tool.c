/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file of limine-entry-tool. */
#include "bootcfg/format/limine_tool.h"
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_format f = {.edit = limine_tool_edit};
	const char *text = (const char *)data;

	must(!limine_tool_sets(text, size, "default") || limine_tool_sets(text, size, NULL));
	return fuzz_edit(data, size, &f);
}
