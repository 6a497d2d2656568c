/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /etc/default/grub, or as a file of one variable that the kernel's own words are in;
 * the first one says which, and which shell reads it. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct format grub = {
		.names = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"},
		.insert_at = "GRUB_CMDLINE_LINUX_DEFAULT",
		.dialect = DIALECT_GRUB};
	static const struct format options = {
		.names = {"LINUX_OPTIONS"}, .insert_at = "LINUX_OPTIONS"};

	if (size == 0)
		return 0;
	struct fuzz_format f = {
		.edit = shell_edit, .format = data[0] & 1 ? options : grub, .one_line = true};
	f.format.bash = !(data[0] & 2);
	return fuzz_edit(data + 1, size - 1, &f);
}
