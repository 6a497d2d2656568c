/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks what the next boot uses: modules for each kernel, the hook in the generator, images of
 * this config. */
#include "base/str.h"
#include "cli/check.h"
#include "cli/image.h"
#include "cli/report_parse.h"
#include "core/imageinfo.h"
#include "core/kmod.h"
#include "core/report.h"
#include "host/boot_images.h"
#include "host/image.h"
#include "host/image_owner.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ENABLE "/usr/lib/vfio-bind/setup enable"

static void check_kernel(const struct check_ctx *c, const char *kernel)
{
	_cleanup_(image_done) struct image image = {0};
	struct err err = {""};
	char directory[CHECKED_PATH_MAX], names[200] = "";
	size_t len = 0;

	if (!check_ctx_can_boot(c, kernel) ||
		!check_ctx_path(c, directory, "/lib/modules/%s", kernel) ||
		image_list(&image, &c->ctx->config, c->sysroot, directory, &err) < 0)
		return;
	for (size_t i = 0; i < image.missing.n && len + 1 < sizeof(names); i++) {
		if (module_same(image.missing.v[i], "efivarfs")) {
			findings_add(c->findings, false, "modules",
				"under this kernel failed boots are not counted: install the rest of its modules",
				NULL, "kernel %s has no efivarfs", kernel);
			continue;
		}
		if (len > 0)
			len += str_copy(names + len, sizeof(names) - len, ", ");
		len += str_copy(names + len, sizeof(names) - len, image.missing.v[i]);
	}
	if (len > 0)
		findings_add(c->findings, check_ctx_asks(c), "modules",
			"under this kernel nothing that needs them is bound: install the rest of its modules (Ubuntu: linux-modules-extra), then have its image made",
			NULL, "kernel %s has no %s", kernel, names);
}

static void each_kernel(const struct check_ctx *c, const char *name, void *to)
{
	(void)to;
	check_kernel(c, name);
}

/* ---- the hook ---------------------------------------------------------------------------- */

static void note_dracut_module(const struct check_ctx *c, const char *name, void *to)
{
	(void)c;
	if (fnmatch("[0-9][0-9]vfio-bind", name, 0) == 0)
		*(bool *)to = true;
}

static void add_not_installed(const struct check_ctx *c, const char *what)
{
	findings_add(c->findings, check_ctx_asks(c), "hook",
		"no image will hold vfio-bind: install it whole (make install, or the package)",
		NULL, "%s", what);
}

static void check_dracut(const struct check_ctx *c)
{
	bool there = false;

	check_ctx_each(c, "/usr/lib/dracut/modules.d", strverscmp, note_dracut_module, &there);
	if (!there)
		add_not_installed(c, "dracut has no module vfio-bind in /usr/lib/dracut/modules.d");
}

static void check_mkinitcpio(const struct check_ctx *c, const struct root *root)
{
	static const char *const files[] = {"etc/mkinitcpio.conf.d/zz-vfio-bind.conf",
		"etc/mkinitcpio.conf.d/vfio-bind.conf", "etc/mkinitcpio.conf"};

	if (!check_ctx_exists(c, "/usr/lib/initcpio/install/vfio-bind")) {
		add_not_installed(c, "mkinitcpio has no hook vfio-bind in /usr/lib/initcpio");
		return;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (root_line_holds(root, files[i], "HOOKS", "vfio-bind"))
			return;
	findings_add(c->findings, check_ctx_asks(c), "hook", "no image will hold vfio-bind", ENABLE,
		"mkinitcpio does not run the hook vfio-bind: it is not in HOOKS");
}

static void check_initramfs_tools(const struct check_ctx *c)
{
	if (!check_ctx_exists(c, "/usr/share/initramfs-tools/hooks/vfio-bind") &&
		!check_ctx_exists(c, "/etc/initramfs-tools/hooks/vfio-bind"))
		add_not_installed(c, "initramfs-tools has no hook vfio-bind");
}

static void check_mkosi_initrd(const struct check_ctx *c)
{
	if (!check_ctx_exists(c, "/usr/lib/kernel/install.d/49-vfio-bind.install") ||
		!check_ctx_exists(c, "/usr/lib/vfio-bind/mkosi-initrd"))
		add_not_installed(c, "kernel-install has no plugin 49-vfio-bind.install");
}

/* True where boot entries load vfio-bind beside their image (image --install): then no hook is
 * needed. */
static bool has_archive(const struct check_ctx *c)
{
	return check_ctx_exists(c, "/boot/" IMAGE_ARCHIVE) ||
	       check_ctx_exists(c, "/efi/" IMAGE_ARCHIVE) ||
	       check_ctx_exists(c, "/boot/efi/" IMAGE_ARCHIVE);
}

/* What makes this image anew: an archive, an addon that has a copy of it, or what a generator
 * makes. */
static const char *remake_command(const struct check_ctx *c, const char *path)
{
	if (path && (str_ends(path, "/" IMAGE_ARCHIVE) || str_ends(path, "/" IMAGE_PLUGIN_ARCHIVE)))
		return "vfio-bind image";
	return has_archive(c) ? "vfio-bind image --install" : ENABLE;
}

/* The hook of the generator that makes the image that boots. */
static void check_hook(const struct check_ctx *c)
{
	_cleanup_(image_owner_done) struct image_owner owner = {0};
	_cleanup_(root_done) struct root root = {.fd = -1};
	struct err err = {""};

	if (has_archive(c))
		return;
	int r = root_open(&root, c->root[0] ? c->root : "/", &err);
	if (r == 0)
		r = image_owner_find(&root, &owner, &err);
	if (r < 0) {
		findings_add(c->findings, r == -EINVAL && check_ctx_asks(c), "hook",
			"`" ENABLE "` makes no image before that is mended", NULL, "%s", err.text);
		return;
	}
	if (str_equal(owner.generator, "mkinitcpio"))
		check_mkinitcpio(c, &root);
	else if (str_equal(owner.generator, "dracut"))
		check_dracut(c);
	else if (str_equal(owner.generator, "mkosi-initrd"))
		check_mkosi_initrd(c);
	else
		check_initramfs_tools(c);
}

/* ---- the images -------------------------------------------------------------------------- */

struct ages {
	const char *directory;
	time_t config; /* the time of its last change */
	time_t newest; /* of the images */
	char older[300];
	size_t len, n;
};

static void note_image(const struct check_ctx *c, const char *name, void *to)
{
	/* Rescue, fallback and crash dump images do not contain vfio-bind. */
	static const char *const images[] = {
		"initrd.img-*", "initrd-*", "initramfs-*.img", "*.efi"};
	/* Nor are copies that a user or a package manager has set aside booted. */
	static const char *const others[] = {"*rescue*", "*fallback*", "*kdump*", "*.bak", "*.old",
		"*.old-dkms", "*.new", "*.dpkg-*", "*~"};
	struct ages *a = to;
	struct stat st;
	char path[CHECKED_PATH_MAX];
	bool is_image = false;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (fnmatch(others[i], name, 0) == 0)
			return;

	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++)
		is_image |= fnmatch(images[i], name, 0) == 0;
	if (!is_image || !check_ctx_path(c, path, "%s/%s", a->directory, name) ||
		stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	a->n++;
	a->newest = st.st_mtime > a->newest ? st.st_mtime : a->newest;
	if (st.st_mtime >= a->config)
		return;
	if (a->len > 0)
		a->len += str_copy(a->older + a->len, sizeof(a->older) - a->len, ", ");
	a->len += str_copy(a->older + a->len, sizeof(a->older) - a->len, name);
}

/* A moved or restored file keeps its mtime; its ctime is when it arrived. In a copied tree only the
 * mtime is known. */
static time_t config_time(const struct check_ctx *c, const struct stat *st)
{
	return c->live && st->st_ctime > st->st_mtime ? st->st_ctime : st->st_mtime;
}

static bool is_since_boot(time_t when)
{
	struct timespec now, up;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	       clock_gettime(CLOCK_BOOTTIME, &up) == 0 && when >= now.tv_sec - up.tv_sec;
}

/* The images are new enough, but the boot did not use the config: it used an older image, or
 * another one. */
static void log_stale_boot(const struct check_ctx *c, bool made_since, bool ran)
{
	const char *path = c->ctx->config.path;
	const char *detail = made_since ? "the images are made of it by now: reboot"
					: "the next boot goes by the config that the image holds";

	if (ran)
		findings_add(c->findings, check_ctx_asks(c), "image", detail,
			made_since ? NULL : ENABLE, "%s is not what the image of this boot holds",
			path);
	else
		findings_add(c->findings, check_ctx_asks(c), "image", detail,
			made_since ? NULL : ENABLE,
			"vfio-bind did not run at this boot: its image does not hold it");
}

static struct ages check_ages(const struct check_ctx *c, time_t config)
{
	static const char *const directories[] = {
		"/boot", "/boot/EFI/Linux", "/efi/EFI/Linux", "/boot/efi/EFI/Linux"};
	struct ages a = {.config = config};

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		a.directory = directories[i];
		check_ctx_each(c, a.directory, strverscmp, note_image, &a);
	}
	return a;
}

/* An image made by an older version has no record of what the guards of this version protect. */
static void check_program(const struct check_ctx *c)
{
	_cleanup_(report_done) struct report boot = {0};
	char path[CHECKED_PATH_MAX];

	if (!check_ctx_path(c, path, "%s", REPORT_DIR) || report_read(&boot, path, NULL) < 0 ||
		!boot.has_image || (boot.program && str_equal(boot.program, VERSION)))
		return;
	const struct ages a = check_ages(c, 0);
	bool made_since = c->live && a.n > 0 && is_since_boot(a.newest);
	findings_add(c->findings, check_ctx_asks(c), "image",
		made_since
			? "it has not recorded what the guards of this version keep; the images are newer by now: reboot"
			: "it has not recorded what the guards of this version keep: networks, keyboards and disks that the host needs (NEWS says more)",
		made_since ? NULL : ENABLE, "the image of this boot was made by vfio-bind %s",
		boot.program ? boot.program : "0.2.0 or an older one");
}

/* As imageinfo_is_of_config, of this boot; -ENODATA if its report does not say it (vfio_bind=off,
 * or an image of an older vfio-bind), -ENOENT also if there is no report. */
static int boot_is_of_config(const struct check_ctx *c)
{
	_cleanup_(report_done) struct report boot = {0};
	int r = c->live ? report_read(&boot, REPORT_DIR, NULL) : -ENODATA;

	if (r == 0 && !boot.has_image)
		r = -ENODATA;
	return r < 0 ? r : imageinfo_is_of_config(boot.digest, c->ctx->config.file, NULL);
}

/* An entry of the menu whose profile was taken out of the config, or renamed. */
static void check_entry_profile(const struct check_ctx *c, const struct boot_image *b)
{
	const struct config *config = &c->ctx->config;
	char names[PROFILE_NAMES_MAX];

	if (!b->profile || str_equal(b->profile, "none"))
		return;
	for (size_t i = 0; i < config->n_profiles; i++)
		if (str_equal(config->profiles[i].name, b->profile))
			return;
	findings_add(c->findings, true, "profile",
		"a boot by this entry binds nothing; write the profile, or take the entry away (vfio-bootcfg --undo)",
		NULL, "boot entry %s: %s has no profile %s; valid: %s", b->title, config->path,
		b->profile, profile_names(config, names));
}

/* True if the boot entries are known: then each image that one of them starts is read, and a
 * finding added where it is not as it should be. *ret_wrong: how many are not. */
static bool check_entries(const struct check_ctx *c, size_t *ret_wrong)
{
	_cleanup_(boot_images_done) struct boot_images images = {0};
	struct err err = {""};

	*ret_wrong = 0;
	if (boot_images_read(&images, c->root[0] ? c->root : "/", c->ctx->config.file, &err) < 0)
		return false;
	for (size_t i = 0; i < images.n; i++) {
		const struct boot_image *b = &images.at[i];
		check_entry_profile(c, b);
		if (boot_image_is(b, BOOT_IMAGE_WANT_WITH))
			continue;
		++*ret_wrong;
		findings_add(c->findings, true, "image",
			b->way_back ? "a way back that binds is none"
				    : "a boot by this entry does not go by this config",
			remake_command(c, b->path), "boot entry %s: %s%s%s", b->title,
			b->path ? "/" : "", b->path ? b->path : "", boot_image_text(b));
	}
	return true;
}

static void check_each_image(const struct check_ctx *c)
{
	struct stat st;
	size_t wrong;
	int running = boot_is_of_config(c);

	if (stat(c->ctx->config.file, &st) < 0)
		return;
	if (check_entries(c, &wrong)) {
		if (wrong == 0 && (running == 0 || running == -ENOENT))
			log_stale_boot(c, true, running == 0);
		return;
	}
	/* The digest is more precise than the time: a touched file has not changed. */
	if (running == 1)
		return;
	const struct ages a = check_ages(c, config_time(c, &st));
	if (a.len > 0)
		findings_add(c->findings, check_ctx_asks(c), "image",
			"the next boot goes by the config that the image holds", ENABLE,
			"images older than %s: %s", c->ctx->config.path, a.older);
	else if (running == 0 || running == -ENOENT)
		log_stale_boot(c, a.n > 0 && is_since_boot(a.newest), running == 0);
}

/* ---- failed boots: the unit that confirms a boot ------------------------------------------- */

#define CONFIRM "vfio-bind-confirm.service"

/* If images are built by hand and not by `setup enable`, the unit is not enabled either. */
static void check_confirm(const struct check_ctx *c)
{
	const struct config *config = &c->ctx->config;
	bool debian = !check_ctx_exists(c, "/usr/bin/mkinitcpio") &&
		      check_ctx_exists(c, "/usr/sbin/mkinitramfs");

	if (config->failed_boots == 0 || config->hold_on_failure ||
		(debian && !config->load_efivarfs) ||
		!sysfs_path_exists(&c->ctx->sysfs, "firmware/efi") ||
		!check_ctx_exists(c, "/run/systemd/system") ||
		check_ctx_exists(c, "/etc/systemd/system/multi-user.target.wants/" CONFIRM) ||
		check_ctx_exists(c, "/usr/lib/systemd/system/multi-user.target.wants/" CONFIRM))
		return;
	findings_add(c->findings, check_ctx_asks(c), "confirm",
		"no unit confirms that a boot has reached its end: each counts as failed, and the one after [guard] failed_boots of them binds nothing",
		"systemctl enable " CONFIRM, CONFIRM " is not enabled");
}

void check_images(const struct check_ctx *c)
{
	if (!c->root)
		return;
	check_ctx_each(c, "/lib/modules", strverscmp, each_kernel, NULL);
	check_hook(c);
	check_confirm(c);
	if (!check_ctx_asks(c))
		return;
	check_program(c);
	check_each_image(c);
}
