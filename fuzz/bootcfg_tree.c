/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the files of any loader. */
#include "bootcfg_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"etc/default/grub", "etc/default/grub.d/50.cfg",
	"boot/grub/grub.cfg", "boot/grub2/grub.cfg", "boot/grub2/grubenv", "usr/sbin/grub-mkconfig",
	"etc/os-release", "etc/machine-id", "etc/fstab", "etc/kernel/cmdline",
	"usr/lib/kernel/cmdline", "etc/kernel/install.conf", "etc/kernel/entry-token",
	"etc/mkinitcpio.d/linux.preset", "etc/cmdline.d/a.conf", "etc/dracut.conf.d/a.conf",
	"boot/EFI/Linux/a.efi", "boot/EFI/systemd/systemd-bootx64.efi", "boot/loader/loader.conf",
	"boot/loader/entries/a.conf", "boot/loader/entries/b-fallback.conf",
	"efi/loader/entries/c+3.conf", "boot/limine.conf", "etc/default/limine",
	"etc/limine-entry-tool.d/a.conf", "boot/refind_linux.conf", "boot/EFI/refind/refind.conf",
	"boot/extlinux/extlinux.conf", "etc/update-extlinux.conf", "etc/default/u-boot",
	"etc/kernelstub/configuration", "etc/sdboot-manage.conf", "etc/kernel/proxmox-boot-uuids",
	"usr/bin/sdbootutil", "etc/sysconfig/bootloader", "usr/bin/clr-boot-manager",
	"etc/kernel/cmdline.d/a.conf", "usr/lib/kernel/cmdline-1", "usr/bin/rpm-ostree",
	"boot/loader/entries/ostree-1.conf", "etc/NIXOS", "etc/lilo.conf", "boot/armbianEnv.txt",
	"boot/firmware/cmdline.txt", "etc/default/efibootmgr-kernel-hook", "etc/sbupdate.conf",
	"boot/EFI/zbm/zbm.EFI", "etc/kernel/cmdline.d/zz-vfio-bootcfg.conf",
	"etc/default/grub.d/zz-vfio-bootcfg.cfg", "usr/sbin/u-boot-update",
	"etc/u-boot-menu/conf.d/a.conf", "var/lib/pacman/local/a-1/files",
	"sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
	"sys/firmware/efi/efivars/LoaderEntryLastBooted-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
	"sys/firmware/efi/efivars/Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8c",
	"etc/u-boot-menu/conf.d/zz-vfio-bootcfg.conf", "etc/dracut.conf.d/zz-vfio-bootcfg.conf",
	"etc/limine-entry-tool.d/zz-vfio-bootcfg.conf"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_paths all = {paths, sizeof(paths) / sizeof(*paths)};
	return fuzz_tree(&all, data, size);
}
