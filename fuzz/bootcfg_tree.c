/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a whole system: chunks that end in a byte 0x1c, each a letter that says which file
 * and then what is in it. The loaders are looked for, the edit is planned, written, planned again
 * and taken back, all in a directory that is in memory.
 */
#include "bootcfg/edit.h"
#include "bootcfg/loader/table.h"
#include "bootcfg_edit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define END_OF_FILE 0x1c

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
	"etc/default/grub.d/zz-vfio-bootcfg.cfg"};
#define PATHS (sizeof(paths) / sizeof(*paths))

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	return where->level > 0 ? remove(path) : 0;
}

static void file_make(int dirfd, const char *path, const uint8_t *data, size_t size)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		(void)mkdirat(dirfd, part, 0755);
	}
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

static void tree_make(int dirfd, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, END_OF_FILE, size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		if (len > 0)
			file_make(dirfd, paths[(data[at] - '0') % PATHS], data + at + 1, len - 1);
		at += len + 1;
	}
}

/* One number for all that can be seen of the tree; no order of names counts. */
static unsigned long tree_sum(const struct root *r)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < PATHS; i++) {
		char *text = NULL;
		size_t len = 0;
		if (root_read(r, paths[i], &text, &len, NULL) < 0)
			continue;
		unsigned long one = i + 1;
		for (size_t k = 0; k < len; k++)
			one = one * 1099511628211UL + (unsigned char)text[k];
		sum += one;
		free(text);
	}
	return sum;
}

static int plan_of(const struct root *r, const struct karg_ops *want, struct edit_set *ret)
{
	struct loaders l = {0};
	struct loaders_options o = {.request = want};
	struct err err = {0};

	int rc = loaders_find(r, &o, &l, &err);
	if (rc == 0) {
		rc = edit_set_make(r, &l, want, ret, &err);
		loaders_done(&l);
	}
	must(rc == 0 || err.text[0]);
	return rc;
}

static void edit_and_undo(const struct root *r, const struct karg_ops *want)
{
	struct edit_set p = {0}, again = {0};
	struct undone undone = {0};
	_cleanup_(journal_close) struct journal j = JOURNAL_CLOSED;
	const struct undo_how how = {0};
	struct err err = {0};
	unsigned long before = tree_sum(r);
	unsigned id = 0;

	if (plan_of(r, want, &p) == 0 && !edit_set_is_empty(&p)) {
		must(tree_sum(r) == before);
		if (edit_set_commit(&j, r, &p, "fuzz", &id, &err) == 0) {
			must(tree_sum(r) != before);
			must(plan_of(r, want, &again) == 0 && edit_set_is_empty(&again));
			must(journal_undo(&j, id, &how, &undone, &err) == 0);
			must(journal_forget(&j, id, &err) == 0);
		}
		must(tree_sum(r) == before && !root_is_dir(r, JOURNAL_DIR));
	}
	edit_set_done(&p);
	edit_set_done(&again);
	undone_done(&undone);
}

static char dir[64];

static void dir_remove(void)
{
	(void)rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct root r = {.fd = -1};
	struct karg_ops want = {0};
	struct err err = {0};

	if (!dir[0]) {
		(void)snprintf(dir, sizeof(dir), "/dev/shm/bootcfg-tree-%d", (int)getpid());
		must(mkdir(dir, 0700) == 0 || errno == EEXIST);
		must(atexit(dir_remove) == 0);
	}
	must(root_open(&r, dir, &err) == 0);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	tree_make(fd, data, size);
	must(karg_ops_add(&want, "iommu=pt", NULL) == 0);
	must(karg_ops_add(&want, "fuzz.a=1", NULL) == 0);
	must(karg_ops_remove(&want, "quiet", NULL) == 0);
	edit_and_undo(&r, &want);
	karg_ops_done(&want);
	(void)close(fd);
	root_done(&r);
	must(nftw(dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS) == 0);
	return 0;
}
