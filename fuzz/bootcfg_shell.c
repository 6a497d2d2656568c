/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /etc/default/grub. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int edit(struct sources *s, const struct request *r, struct err *err)
{
	static const char *const names[] = {
		"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", NULL};
	struct shell_format f = {.names = names,
		.home = "GRUB_CMDLINE_LINUX_DEFAULT",
		.dialect = DIALECT_GRUB,
		.bash = true};
	return shell_format_edit(s, &f, r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_edit(data, size, edit);
}
