/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/managed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- marks -------------------------------------------------------------------------------------
 */

static bool is_nixos(const struct detect *s)
{
	return root_is_file(s->root, "etc/NIXOS") || str_equal(s->os_id, "nixos");
}

/* The package manager runs on other distributions, too: the store alone proves nothing. */
static bool is_guix(const struct detect *s)
{
	return str_equal(s->os_id, "guix") ||
	       (root_is_dir(s->root, "gnu/store") && s->os_id[0] == '\0');
}

/* An entry of a deployment. */
static bool is_ostree_entry(
	const struct root *r, const char *name, const char *path, const void *with)
{
	(void)with;
	return str_starts(name, "ostree-") || root_holds(r, path, " ostree=");
}

static char *ostree_mark(const struct detect *s)
{
	static const char *const dirs[] = {
		"ostree/repo", "sysroot/ostree", "boot/ostree", "usr/lib/bootc/kargs.d", NULL};
	char *entry = detect_entry(s, is_ostree_entry, NULL);

	if (entry)
		return entry;
	for (const char *const *d = dirs; *d; d++)
		if (root_is_dir(s->root, *d))
			return strdup(*d);
	if (root_is_file(s->root, "run/ostree-booted"))
		return strdup("run/ostree-booted");
	for (size_t i = 0; i < s->boots.n; i++) {
		char *path = NULL;
		if (asprintf(&path, "%s/loader", s->boots.v[i]) < 0)
			return NULL;
		if (root_is_link(s->root, path))
			return path;
		free(path);
	}
	return NULL;
}

/* True if a program is in this root, or in a deployment of an ostree root. */
static bool has_program(const struct detect *s, const char *name)
{
	_cleanup_(strings_done) struct strings systems = {0};
	char path[1024];

	(void)snprintf(path, sizeof(path), "usr/bin/%s", name);
	if (root_is_file(s->root, path))
		return true;
	(void)!root_list(s->root, "ostree/deploy", "", &systems);
	for (size_t i = 0; i < systems.n; i++) {
		_cleanup_(strings_done) struct strings trees = {0};
		(void)snprintf(path, sizeof(path), "ostree/deploy/%s/deploy", systems.v[i]);
		(void)!root_list(s->root, path, "", &trees);
		for (size_t n = 0; n < trees.n; n++) {
			char file[1400];
			(void)snprintf(
				file, sizeof(file), "%s/%s/usr/bin/%s", path, trees.v[n], name);
			if (root_is_file(s->root, file))
				return true;
		}
	}
	return false;
}

static bool has_rpm_ostree(const struct detect *s)
{
	return has_program(s, "rpm-ostree");
}

static bool has_bootc(const struct detect *s)
{
	return has_program(s, "bootc") || root_is_dir(s->root, "usr/lib/bootc");
}

static bool has_ostree(const struct detect *s)
{
	return has_program(s, "ostree");
}

/* The entries of a hypervisor are generated; Linux is its guest then. That Xen is installed does
 * not tell that it runs, which the running system knows. */
static bool is_xen(const struct detect *s)
{
	_cleanup_(strings_done) struct strings names = {0};

	if (str_equal(s->os_id, "qubes"))
		return true;
	if (s->root->host)
		return root_holds(s->root, "proc/xen/capabilities", "control_d");
	(void)!root_list(s->root, "boot", ".gz", &names);
	for (size_t i = 0; i < names.n; i++)
		if (str_starts(names.v[i], "xen"))
			return true;
	return false;
}

static bool is_ubuntu_core(const struct detect *s)
{
	return str_equal(s->os_id, "ubuntu-core");
}

static bool modifies_efi_entries(const struct detect *s)
{
	_cleanup_(str_free) char *value = detect_shell_value(
		s->root, "etc/default/efibootmgr-kernel-hook", "MODIFY_EFI_ENTRIES");
	return value && str_equal(value, "1");
}

static bool has_uefi_mkconfig(const struct detect *s)
{
	return root_is_file(s->root, "usr/bin/uefi-mkconfig") ||
	       root_is_file(s->root, "usr/sbin/uefi-mkconfig");
}

static bool has_zbm_kcl(const struct detect *s)
{
	return has_program(s, "zbm-kcl");
}

/* A list that is there and has no line of this system is the business of the loader's own file. */
static bool lacks_refind_linux(const struct detect *s)
{
	static const char *const lists[] = {"refind_linux.conf", NULL};
	_cleanup_(str_free) char *list = detect_below_boots(s, lists);
	return !list;
}

static bool has_mkrlconf(const struct detect *s)
{
	return lacks_refind_linux(s) && (root_is_file(s->root, "usr/bin/mkrlconf") ||
						root_is_file(s->root, "usr/sbin/mkrlconf"));
}

/* The first file below `dir` of a directory with boot files whose name begins and ends so. */
static char *below_boots(
	const struct detect *s, const char *dir, const char *begin, const char *end)
{
	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char path[1024];
		(void)snprintf(path, sizeof(path), "%s/%s", s->boots.v[i], dir);
		(void)!root_list(s->root, path, end, &names);
		for (size_t n = 0; n < names.n; n++) {
			char *file = NULL;
			if (str_starts(names.v[n], begin) &&
				asprintf(&file, "%s/%s", path, names.v[n]) >= 0)
				return file;
		}
	}
	return NULL;
}

/* An image of ZFSBootMenu on the ESP; its release has one name, generate-zbm another. */
static char *zfsbootmenu_image(const struct detect *s)
{
	static const char *const dirs[] = {"EFI/zbm", "EFI/ZBM", "EFI/zfsbootmenu", NULL};
	char *path = NULL;

	for (const char *const *d = dirs; *d && !path; d++) {
		path = below_boots(s, *d, "", ".EFI");
		if (!path)
			path = below_boots(s, *d, "", ".efi");
	}
	return path;
}

/* elilo.conf beside the program, below EFI. */
static char *elilo_conf(const struct detect *s)
{
	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char path[1024];
		(void)snprintf(path, sizeof(path), "%s/EFI", s->boots.v[i]);
		(void)!root_list(s->root, path, "", &names);
		for (size_t n = 0; n < names.n; n++) {
			(void)snprintf(path, sizeof(path), "%s/EFI/%s/elilo.conf", s->boots.v[i],
				names.v[n]);
			if (root_is_file(s->root, path))
				return strdup(path);
		}
	}
	return NULL;
}

/* A kernel that the firmware starts itself: below EFI, where no loader looks for one. */
static char *stub_kernel(const struct detect *s)
{
	static const char *const kernels[] = {"vmlinuz", "bzImage", "linux", NULL};

	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char path[1024];
		(void)snprintf(path, sizeof(path), "%s/EFI", s->boots.v[i]);
		(void)!root_list(s->root, path, "", &names);
		for (size_t n = 0; n < names.n; n++) {
			char dir[1400], *file = NULL;
			(void)snprintf(dir, sizeof(dir), "EFI/%s", names.v[n]);
			for (const char *const *k = kernels; *k && !file; k++)
				file = below_boots(s, dir, *k, "");
			if (file && !str_equal(names.v[n], "Linux"))
				return file;
			free(file);
		}
	}
	return NULL;
}

/* ---- the rows ----------------------------------------------------------------------------------
 */

static const struct managed rows[] = {
	{.name = "NixOS",
		.files = PATHS("etc/NIXOS", "etc/os-release", "usr/lib/os-release"),
		.is = is_nixos,
		.line = LINE_ENTRY,
		.why = "NixOS makes its boot entries anew at every switch, so an edit of them is lost",
		.todo = {"in /etc/nixos/configuration.nix: boot.kernelParams = [{add: \"%\"} ];",
			"in /etc/nixos/configuration.nix, out of boot.kernelParams:{remove: %}",
			"nixos-rebuild boot"}},
	{.name = "Guix",
		.files = PATHS("etc/os-release", "run/current-system/channels.scm"),
		.is = is_guix,
		.line = LINE_ENTRY,
		.why = "Guix makes its boot entries anew at every reconfiguration, so an edit of them is lost",
		.todo = {"in /etc/config.scm: (kernel-arguments (append (list{add: \"%\"}) %default-kernel-arguments))",
			"in /etc/config.scm, out of kernel-arguments:{remove: %}",
			"guix system reconfigure /etc/config.scm"}},
	{.name = "rpm-ostree",
		.find = ostree_mark,
		.is = has_rpm_ostree,
		.line = LINE_ENTRY,
		.why = "the deployments here own the kernel command line",
		.todo = {"rpm-ostree kargs{sh-replace: --replace=%}{sh-add: --append-if-missing=%}{sh-remove: --delete-if-present=%}"}},
	{.name = "bootc",
		.find = ostree_mark,
		.is = has_bootc,
		.line = LINE_ENTRY,
		.why = "this system is an image (bootc), and the image owns the kernel command line",
		/* bootc documentation, "Kernel arguments". */
		.todo = {"in /usr/lib/bootc/kargs.d/10-vfio.toml of the image: kargs = [{add: \"%\",} ]",
			"in /usr/lib/bootc/kargs.d of the image, take out:{remove: %}",
			"bootc upgrade, when the image is built anew"}},
	{.name = "ostree",
		.find = ostree_mark,
		.is = has_ostree,
		.line = LINE_ENTRY,
		.why = "the deployments here own the kernel command line",
		/* ostree-admin-kargs(1); ostree-admin-instutil(1): set-kargs begins with an empty
		 * list, so it is given the whole line. */
		.todo = {"ostree admin kargs edit-in-place{sh-add: --append-if-missing=%}",
			"ostree admin instutil set-kargs{sh-rest: %}"}},
	{.name = "ostree",
		.find = ostree_mark,
		.line = LINE_ENTRY,
		.why = "the deployments here own the kernel command line, and no program that edits it is installed here (rpm-ostree, bootc, ostree)",
		.todo = {"with the tool of that system, add:{add: %}",
			"with the tool of that system, take out:{remove: %}"}},
	{.name = "Ubuntu Core",
		.files = PATHS("etc/os-release", "usr/lib/os-release"),
		.is = is_ubuntu_core,
		.line = LINE_ENTRY,
		.why = "Ubuntu Core owns the kernel command line; an option of the system adds to it, on a model of grade dangerous",
		/* Ubuntu Core documentation, "Modifying kernel boot parameters". */
		.todo = {"snap set system system.kernel.dangerous-cmdline-append=\"$(snap get system system.kernel.dangerous-cmdline-append){add: %}\"",
			"in cmdline.extra or cmdline.full of the gadget snap, take out:{remove: %}"}},
	{.name = "ABRoot",
		.files = PATHS(
			"etc/abroot/abroot.json", "usr/share/abroot/abroot.json", "usr/bin/abroot"),
		.line = LINE_ENTRY,
		.why = "ABRoot makes the boot entries of both roots from a list of its own",
		/* Vanilla OS documentation, "Kernel parameters": the list is
		 * /etc/default/abroot_kargs, which only this command may edit. */
		.todo = {"abroot kargs edit", "there, add:{add: %}",
			"there, take out:{remove: %}"}},
	{.name = "TrueNAS",
		.files = PATHS("usr/bin/midclt"),
		.line = LINE_ENTRY,
		.why = "the middleware of TrueNAS writes GRUB's files anew from its own settings",
		/* TrueNAS API, system.advanced.update: kernel_extra_options is one string. */
		.todo = {"midclt call system.advanced.update \"{\\\"kernel_extra_options\\\": \\\"$(midclt call system.advanced.config | jq -r .kernel_extra_options){add: %}\\\"}\"",
			"in kernel_extra_options of `midclt call system.advanced.update`, leave out:{remove: %}"}},
	{.name = "XCP-ng",
		.files = PATHS("etc/xensource-inventory"),
		.line = LINE_ENTRY,
		.never = true,
		.why = "this is the dom0 of XCP-ng or XenServer: VFIO does not work there, Xen assigns devices itself",
		/* XCP-ng documentation, "PCI passthrough"; the first one is there from 8.3 on. What
		 * --set-dom0 is given replaces the list that is there. */
		.todo = {"xe pci-disable-dom0-access uuid=$(xe pci-list pci-id=0000:BB:DD.F --minimal)",
			"before 8.3, with all devices in one list: /opt/xensource/libexec/xen-cmdline --set-dom0 \"xen-pciback.hide=(0000:BB:DD.F)\"",
			"after a reboot: xe vm-param-set uuid=VM other-config:pci=0/0000:BB:DD.F"}},
	{.name = "Xen",
		.is = is_xen,
		.line = LINE_ENTRY,
		.never = true,
		.why = "this is a Xen dom0: VFIO does not work under Xen, which assigns devices itself",
		.todo = {"xl pci-assignable-add BB:DD.F (on Qubes: qvm-pci)"}},

	{.name = "ZFSBootMenu",
		.proof = MANAGED_BOOTS,
		.find = zfsbootmenu_image,
		.is = has_zbm_kcl,
		.line = LINE_RUNNING,
		.why = "ZFSBootMenu boots this system, and takes kernel parameters from a property of the boot environment",
		/* zbm-kcl(8) */
		.todo = {"zbm-kcl{sh-remove: -r %}{sh-add: -a %}"}},
	{.name = "ZFSBootMenu",
		.proof = MANAGED_BOOTS,
		.find = zfsbootmenu_image,
		.line = LINE_RUNNING,
		.why = "ZFSBootMenu boots this system, and takes kernel parameters from a property of the boot environment",
		/* zfsbootmenu(7) */
		.todo = {"zfs set org.zfsbootmenu:commandline=\"$(zfs get -Ho value org.zfsbootmenu:commandline $(findmnt -no SOURCE /)){add: %}\" $(findmnt -no SOURCE /)",
			"out of org.zfsbootmenu:commandline, take:{remove: %}"}},
	{.name = "efibootmgr-kernel-hook",
		.proof = MANAGED_BOOTS,
		.files = PATHS("etc/default/efibootmgr-kernel-hook"),
		.is = modifies_efi_entries,
		.line = LINE_VARIABLE,
		.key = "OPTIONS",
		.why = "Void's hook of efibootmgr makes the firmware's entries from it at each kernel",
		.todo = {"in {mark}: OPTIONS=\"{line}\"", "xbps-reconfigure -f {kernel}"}},
	{.name = "uefi-mkconfig",
		.proof = MANAGED_FILE,
		.files = PATHS("etc/default/uefi-mkconfig", "etc/kernel/uefi-mkconfig"),
		.is = has_uefi_mkconfig,
		.line = LINE_UNREAD,
		.why = "uefi-mkconfig makes the firmware's entries from it",
		/* Its README: the words and nothing else, in older versions; KERNEL_CONFIG= in
		 * newer ones. */
		.todo = {"in {mark}, add:{add: %}", "in {mark}, take out:{remove: %}",
			"uefi-mkconfig"}},
	{.name = "sbupdate",
		.proof = MANAGED_FILE,
		.files = PATHS("etc/sbupdate.conf"),
		.line = LINE_VARIABLE,
		.key = "CMDLINE_DEFAULT",
		.why = "sbupdate builds and signs the images with the command line in it",
		.todo = {"in {mark}: CMDLINE_DEFAULT=\"{line}\"", "sbupdate"}},
	{.name = "LILO",
		.proof = MANAGED_FILE,
		.files = PATHS("etc/lilo.conf"),
		.line = LINE_UNREAD,
		.why = "LILO boots this system, and takes kernel parameters from append= in it",
		.todo = {"in {mark}, to append=\"…\", add:{add: %}",
			"in {mark}, take out:{remove: %}", "lilo"}},
	{.name = "elilo",
		.proof = MANAGED_FILE,
		.files = PATHS("etc/elilo.conf"),
		.line = LINE_UNREAD,
		.why = "elilo boots this system, and takes kernel parameters from append= in it",
		.todo = {"in {mark}, to append=\"…\", add:{add: %}",
			"in {mark}, take out:{remove: %}", "elilo"}},
	{.name = "elilo",
		.proof = MANAGED_FILE,
		.find = elilo_conf,
		.line = LINE_UNREAD,
		.why = "elilo boots this system, and takes kernel parameters from append= in it",
		.todo = {"in {mark}, to append=\"…\", add:{add: %}",
			"in {mark}, take out:{remove: %}"}},
	{.name = "rEFInd",
		.proof = MANAGED_FILE,
		.below = PATHS("EFI/refind/refind.conf", "EFI/BOOT/refind.conf"),
		.is = has_mkrlconf,
		.why = "rEFInd boots this system, and without refind_linux.conf beside the kernel it makes the kernel parameters up itself",
		.todo = {"mkrlconf", "then this again"}},
	{.name = "rEFInd",
		.proof = MANAGED_FILE,
		.below = PATHS("EFI/refind/refind.conf", "EFI/BOOT/refind.conf"),
		.is = lacks_refind_linux,
		.line = LINE_RUNNING,
		.why = "rEFInd boots this system, and without refind_linux.conf beside the kernel it makes the kernel parameters up itself",
		.todo = {"in /boot/refind_linux.conf: \"Boot\" \"{line}\""}},
	{.name = "Armbian",
		.proof = MANAGED_FILE,
		.files = PATHS("boot/armbianEnv.txt"),
		.line = LINE_KEY,
		.key = "extraargs",
		.why = "Armbian's boot script takes kernel parameters from extraargs= in it",
		.todo = {"in {mark}: extraargs={line}"}},
	{.name = "Raspberry Pi",
		.proof = MANAGED_FILE,
		.files = PATHS("boot/firmware/cmdline.txt", "boot/cmdline.txt"),
		.line = LINE_FIRST,
		.why = "the firmware of a Raspberry Pi takes the kernel command line from it",
		.todo = {"in {mark}, its only line: {line}"}},
	{.name = "EFI stub",
		.proof = MANAGED_FILE,
		.find = stub_kernel,
		.line = LINE_RUNNING,
		.why = "no boot loader was found beside this kernel, so the firmware seems to start it, with the parameters of its own entry",
		.todo = {"efibootmgr --create --disk /dev/DISK --part N --label Linux --loader '{efi}' --unicode '{line}'"}},
};

/* The mark of a row: allocated, NULL: it has none. */
static char *mark_find(const struct detect *s, const struct managed *m)
{
	if (m->is && !m->is(s))
		return NULL;
	if (m->find)
		return m->find(s);
	if (m->below)
		return detect_below_boots(s, m->below);
	for (const char *const *f = m->files; f && *f; f++)
		if (root_is_file(s->root, *f))
			return strdup(*f);
	return m->is ? strdup("") : NULL;
}

static bool is_called(const struct managed *m, const char *called)
{
	return !called || strcasecmp(m->name, called) == 0;
}

const struct managed *managed_find(const struct detect *s, enum managed_proof from,
	enum managed_proof to, const char *called, char **ret_mark)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct managed *m = &rows[i];
		if (m->proof < from || m->proof > to || !is_called(m, called))
			continue;
		*ret_mark = mark_find(s, m);
		if (*ret_mark)
			return m;
	}
	return NULL;
}
