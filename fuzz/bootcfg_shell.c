/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /etc/default/grub, or as a file of one variable that the kernel's own words are in;
 * the first one says which, and which shell reads it. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool grub, bash;

static int edit(struct file_edits *s, const struct karg_ops *r, struct err *err)
{
	static const char *const both[] = {
		"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", NULL};
	static const char *const options[] = {"LINUX_OPTIONS", NULL};
	struct shell_format f = {.names = grub ? both : options,
		.insert_at = grub ? both[1] : options[0],
		.dialect = grub ? DIALECT_GRUB : DIALECT_KERNEL,
		.bash = bash};
	return shell_format_edit(s, &f, r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_format f = {.edit = edit, .one_line = true};

	if (size == 0)
		return 0;
	grub = !(data[0] & 1);
	bash = !(data[0] & 2);
	return fuzz_edit(data + 1, size - 1, &f);
}
