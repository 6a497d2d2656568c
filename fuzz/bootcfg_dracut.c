/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the configuration of dracut, which builds unified kernel images. */
#include "bootcfg_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"etc/dracut.conf", "etc/dracut.conf.d/a.conf",
	"etc/dracut.conf.d/b.conf", "usr/lib/dracut/dracut.conf.d/a.conf",
	"usr/lib/dracut/dracut.conf.d/c.conf", "etc/kernel/cmdline", "etc/kernel/install.conf",
	"proc/cmdline", "efi/loader/entries/a.conf", "efi/EFI/systemd/systemd-bootx64.efi",
	"etc/dracut.conf.d/zz-vfio-bootcfg.conf"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_paths all = {paths, sizeof(paths) / sizeof(*paths)};
	return fuzz_tree(&all, data, size);
}
