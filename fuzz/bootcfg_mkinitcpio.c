/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the presets of mkinitcpio and what they name. */
#include "bootcfg_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"etc/mkinitcpio.d/linux.preset", "etc/mkinitcpio.d/lts.preset",
	"etc/kernel/cmdline", "usr/lib/kernel/cmdline", "etc/cmdline.d/a.conf",
	"etc/cmdline.d/b.conf", "etc/cmdline.d/zz-vfio-bootcfg.conf", "etc/kernel/own",
	"proc/cmdline", "efi/loader/entries/a.conf", "efi/EFI/systemd/systemd-bootx64.efi"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_paths all = {paths, sizeof(paths) / sizeof(*paths)};
	return fuzz_tree(&all, data, size);
}
