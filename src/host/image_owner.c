/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image_owner.h"

#include "shared/kernel_install.h"
#include "shared/mounts.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void image_owner_done(struct image_owner *o)
{
	str_free(&o->mark);
	strings_done(&o->commands);
	strings_done(&o->notes);
	*o = (struct image_owner){0};
}

/* ---- settings ------------------------------------------------------------------------------ */

/* Cuts the value at its end: quotes are taken off, a comment after a blank too. */
static char *value_trim(char *value)
{
	char quote = value[0];

	if (quote == '"' || quote == '\'') {
		value++;
		value[strcspn(value, quote == '"' ? "\"" : "'")] = '\0';
		return value;
	}
	char *comment = strstr(value, " #");
	if (comment)
		*comment = '\0';
	for (size_t len = strlen(value); len > 0 && isspace((unsigned char)value[len - 1]);)
		value[--len] = '\0';
	return value;
}

/*
 * The value of the last line KEY=VALUE, allocated; NULL: none, or no file. For files of plain
 * settings: what a shell would have to work out is returned as it is written.
 */
static char *setting_read(const struct root *r, const char *path, const char *key)
{
	_cleanup_(str_free) char *text = NULL;
	char *found = NULL, *rest, *line;
	size_t len = 0, n = strlen(key);

	if (root_read(r, path, &text, &len, NULL) < 0)
		return NULL;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (strncmp(line, key, n) == 0 && line[n] == '=')
			found = line + n + 1;
	}
	return found ? strdup(value_trim(found)) : NULL;
}

static char *install_conf(const struct root *r, const char *key)
{
	return kernel_install_setting(r, setting_read, key);
}

/* ---- what is there ------------------------------------------------------------------------- */

struct search {
	const struct root *r;
	struct image_owner *to;
	struct err *err;
};

static bool program(const struct root *r, const char *name)
{
	static const char *const directories[] = {"usr/bin", "usr/sbin", "sbin", "bin"};

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		_cleanup_(str_free) char *path = NULL;
		if (asprintf(&path, "%s/%s", directories[i], name) >= 0 && root_is_file(r, path))
			return true;
	}
	return false;
}

/* True if a file of this name (a pattern of fnmatch(3)) is in one of these directories
 * (NULL-terminated). */
static bool any_file(const struct root *r, const char *const *directories, const char *pattern)
{
	for (; *directories; directories++) {
		_cleanup_(strings_done) struct strings names = {0};
		if (root_list(r, *directories, "", &names) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++)
			if (fnmatch(pattern, names.v[i], 0) == 0)
				return true;
	}
	return false;
}

static const char *const boot_only[] = {"boot", NULL};
static const char *const boots[] = {"boot", "efi", "boot/efi", NULL};
static const char *const image_directories[] = {
	"boot/EFI/Linux", "efi/EFI/Linux", "boot/efi/EFI/Linux", NULL};

/* The directory of this system's kernels on $BOOT, as kernel-install makes it for layout=bls. */
static bool has_token_directory(const struct root *r)
{
	_cleanup_(str_free) char *token = NULL, *id = NULL;
	size_t len = 0;

	if (root_read(r, "etc/kernel/entry-token", &token, &len, NULL) < 0)
		token = NULL;
	if (root_read(r, "etc/machine-id", &id, &len, NULL) < 0)
		id = NULL;
	char *const names[] = {token, id};
	for (size_t n = 0; n < 2; n++) {
		if (!names[n])
			continue;
		names[n][strcspn(names[n], " \t\r\n")] = '\0';
		for (const char *const *b = boots; *b && names[n][0]; b++) {
			_cleanup_(str_free) char *path = NULL;
			if (asprintf(&path, "%s/%s", *b, names[n]) >= 0 && root_is_dir(r, path))
				return true;
		}
	}
	return false;
}

static int owner_set(struct search *s, const char *name, const char *generator, const char *mark)
{
	s->to->name = name;
	s->to->generator = generator;
	s->to->mark = strdup(mark);
	return s->to->mark ? 1 : -ENOMEM;
}

static int owner_with(struct search *s, const char *name, const char *generator, const char *mark,
	const char *command)
{
	int rc = strings_add(&s->to->commands, command);
	return rc < 0 ? rc : owner_set(s, name, generator, mark);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static int boot_is_mounted(struct search *s)
{
	_cleanup_(mount_table_done) struct mount_table fstab = {0}, now = {0};
	_cleanup_(str_free) char *text = NULL, *mountinfo = NULL;
	size_t len = 0;

	if (root_read(s->r, "etc/fstab", &text, &len, NULL) < 0)
		return 0;
	if (mount_table_parse_fstab(&fstab, text) < 0)
		return -ENOMEM;
	if (s->r->host && root_read(s->r, "proc/self/mountinfo", &mountinfo, &len, NULL) == 0 &&
		mount_table_parse(&now, mountinfo) < 0)
		return -ENOMEM;
	for (const char *const *b = boots; *b; b++) {
		_cleanup_(strings_done) struct strings names = {0};
		_cleanup_(str_free) char *point = NULL;
		if (asprintf(&point, "/%s", *b) < 0)
			return -ENOMEM;
		if (!mount_table_at(&fstab, point))
			continue;
		bool there = s->r->host ? mount_table_at(&now, point) != NULL
					: root_list(s->r, *b, "", &names) == 0 && names.n > 0;
		if (!there)
			return err_set(s->err, ENODEV,
				"%s is in /etc/fstab and not mounted: the images would be made in the empty directory; run `mount %s`, then this again",
				point, point);
	}
	return 0;
}

#define MKOSI_INITRD "mkosi-initrd"

/* Systems whose images are made elsewhere, or by a generator that vfio-bind has no hook for. */
static int refuse_managed(struct search *s)
{
	if (root_is_file(s->r, "etc/NIXOS"))
		return err_set(s->err, ENOENT,
			"/etc/NIXOS: the image is made by nixos-rebuild from the system's configuration; vfio-bind has no module for it");
	bool ostree = root_is_dir(s->r, "ostree/repo") || root_is_dir(s->r, "sysroot/ostree") ||
		      root_is_file(s->r, "run/ostree-booted");
	if (ostree && program(s->r, "rpm-ostree"))
		return err_set(s->err, ENOENT,
			"this system boots a deployment of ostree: layer the package of vfio-bind, then run `rpm-ostree initramfs --enable`; after a change of the config alone `rpm-ostree initramfs-etc --track=/etc/vfio-bind.conf`; then reboot");
	if (ostree)
		return err_set(s->err, ENOENT,
			"this system boots a deployment of ostree or bootc: its image is made where the system's image is built (RUN dracut in the Containerfile), not here");
	return 0;
}

static int refuse_others(struct search *s)
{
	static const char *const others[] = {
		"booster", MKOSI_INITRD, "mktirfs", "ugrd", "mkinitfs", "genkernel", "mkinitrd"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (program(s->r, others[i]))
			return err_set(s->err, ENOENT,
				"the images are made by %s, which vfio-bind has no hook for: mkinitcpio, initramfs-tools and dracut are those that it has one for",
				others[i]);
	return err_set(s->err, ENOENT,
		"no generator of initramfs images that vfio-bind has a hook for was found: neither mkinitcpio nor update-initramfs nor dracut is here");
}

/* ---- owners: each returns 1 if it is the one, 0 if not, or a negative errno ----------------- */

/* limine-entry-tool keeps the images in a directory of its own, with a hash in limine.conf. */
static int owner_limine(struct search *s)
{
	static const char *const configs[] = {"boot/limine.conf", "boot/limine/limine.conf",
		"efi/limine.conf", "efi/limine/limine.conf", "boot/efi/limine.conf",
		"boot/efi/limine/limine.conf", NULL};

	if (!program(s->r, "limine-mkinitcpio"))
		return 0;
	for (const char *const *c = configs; *c; c++)
		if (root_is_file(s->r, *c))
			return owner_with(
				s, "limine-mkinitcpio", "mkinitcpio", *c, "limine-mkinitcpio");
	return 0;
}

/* sdbootutil(8): it masks the plugins of kernel-install that would write images. */
static int owner_sdbootutil(struct search *s)
{
	static const char conf[] = "etc/sysconfig/bootloader";
	_cleanup_(str_free) char *type = setting_read(s->r, conf, "LOADER_TYPE");

	if (!program(s->r, "sdbootutil") || !type ||
		(!str_equal(type, "systemd-boot") && !str_equal(type, "grub2-bls")))
		return 0;
	return owner_with(s, "sdbootutil", "dracut", conf, "sdbootutil mkinitrd");
}

/* The tools of EndeavourOS, which name the images as no other does. */
static int owner_dracut_rebuild(struct search *s)
{
	if (!program(s->r, "dracut"))
		return 0;
	if (program(s->r, "dracut-rebuild"))
		return owner_with(
			s, "dracut-rebuild", "dracut", "usr/bin/dracut-rebuild", "dracut-rebuild");
	if (program(s->r, "reinstall-kernels"))
		return owner_with(s, "reinstall-kernels", "dracut", "usr/bin/reinstall-kernels",
			"reinstall-kernels");
	return 0;
}

/* True if a line of dracut.conf(5) that is no comment sets or extends dracutmodules, and has this
 * text. */
static bool sets_dracutmodules(const struct root *r, const char *path, const char *text)
{
	static const char key[] = "dracutmodules";
	_cleanup_(str_free) char *content = NULL;
	size_t len = 0;
	char *rest, *line;

	if (root_read(r, path, &content, &len, NULL) < 0)
		return false;
	for (rest = content; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (!str_starts(line, key))
			continue;
		const char *value = line + strlen(key);
		if ((value[0] == '=' || str_starts(value, "+=")) && strstr(value, text))
			return true;
	}
	return false;
}

/* A setting of dracut that keeps the module out of each image: a list of all modules without it, or
 * a list of those to leave out with it. */
static int dracut_leaves_out(struct search *s)
{
	static const char *const directories[] = {
		"usr/lib/dracut/dracut.conf.d", "etc/dracut.conf.d"};
	_cleanup_(strings_done) struct strings files = {0};

	if (strings_add(&files, "etc/dracut.conf") < 0)
		return -ENOMEM;
	for (size_t d = 0; d < 2; d++) {
		_cleanup_(strings_done) struct strings names = {0};
		if (root_list(s->r, directories[d], ".conf", &names) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++)
			if (strings_print(&files, "%s/%s", directories[d], names.v[i]) < 0)
				return -ENOMEM;
	}
	const char *list = NULL;
	bool listed = false;
	for (size_t i = 0; i < files.n; i++) {
		if (root_line_holds(s->r, files.v[i], "omit_dracutmodules", "vfio-bind"))
			return err_set(s->err, EINVAL,
				"/%s: omit_dracutmodules has vfio-bind, so that no image gets it: take it out there",
				files.v[i]);
		if (!sets_dracutmodules(s->r, files.v[i], ""))
			continue;
		list = files.v[i];
		listed |= sets_dracutmodules(s->r, files.v[i], "vfio-bind");
	}
	if (!list || listed)
		return 0;
	return err_set(s->err, EINVAL,
		"/%s: dracutmodules lists all modules that an image gets, and vfio-bind is not one of them: add it there",
		list);
}

/* Which generator kernel-install has build the image; NULL: none that has a hook. */
static const char *kernel_install_generator(const struct root *r, bool uki)
{
	_cleanup_(str_free) char *initrd = install_conf(r, "initrd_generator");
	_cleanup_(str_free) char *packer = install_conf(r, "uki_generator");
	const char *asked = initrd && initrd[0] ? initrd : uki ? packer : NULL;

	/* It builds an image of its own into the UKI, whichever makes the others
	 * (50-mkosi.install).
	 */
	if (uki && packer && str_equal(packer, "mkosi"))
		return MKOSI_INITRD;
	if (asked && (str_equal(asked, "mkosi") || str_equal(asked, MKOSI_INITRD)))
		return MKOSI_INITRD;
	if (asked && str_equal(asked, "dracut"))
		return "dracut";
	if (asked && str_equal(asked, "mkinitcpio"))
		return "mkinitcpio";
	if (asked && str_equal(asked, "initramfs-tools"))
		return "initramfs-tools";
	if (asked && !str_equal(asked, "ukify"))
		return NULL;
	return program(r, "mkinitcpio")    ? "mkinitcpio"
	       : program(r, "mkinitramfs") ? "initramfs-tools"
	       : program(r, "dracut")      ? "dracut"
					   : NULL;
}

/* The mark of kernel-install: a layout that is set, or a directory of its own on $BOOT. */
static int owner_kernel_install(struct search *s)
{
	_cleanup_(str_free) char *layout = install_conf(s->r, "layout");
	bool bls = layout ? str_equal(layout, "bls") : has_token_directory(s->r);
	bool uki = layout && str_equal(layout, "uki");

	if (!program(s->r, "kernel-install") || (!bls && !uki))
		return 0;
	const char *generator = kernel_install_generator(s->r, uki);
	/* dracut and update-initramfs know the directories on $BOOT themselves. */
	if (!layout && generator &&
		(str_equal(generator, "dracut") || str_equal(generator, "initramfs-tools")))
		return 0;
	if (!generator)
		return err_set(s->err, EINVAL,
			"etc/kernel/install.conf: its initrd_generator is none that vfio-bind has a hook for: mkinitcpio, initramfs-tools, dracut or mkosi-initrd");
	int rc = kernel_install_commands(s->r, &s->to->commands);
	if (rc < 0)
		return rc;
	return owner_set(s, "kernel-install", generator,
		layout ? "etc/kernel/install.conf" : "etc/machine-id");
}

/* ---- mkinitcpio ---------------------------------------------------------------------------- */

#define PRESETS "etc/mkinitcpio.d"

/* A configuration of its own reads no drop-in: its HOOKS must have vfio-bind. */
static int own_config_check(
	struct search *s, const char *preset, const char *key, const char *config)
{
	if (config[0] != '/' || root_line_holds(s->r, config + 1, "HOOKS", "vfio-bind"))
		return 0;
	return err_set(s->err, EINVAL,
		"/%s: %s names %s, which reads no drop-in, and HOOKS there lacks vfio-bind: add it, then run this again",
		preset, key, config);
}

/* True if it is one of a list that is separated by commas. */
static bool skips_hook(char *list)
{
	for (char *hook; (hook = strsep(&list, ","));)
		if (str_equal(hook, "vfio-bind"))
			return true;
	return false;
}

/* What mkinitcpio(8) is given for the image of a preset, as a string or an array. */
static int preset_options_check(struct search *s, const char *preset, const char *key, char *value)
{
	const char *option = "";
	int rc = 0;

	for (char *word; rc == 0 && (word = strsep(&value, " \t\"'()="));) {
		if (!word[0])
			continue;
		if (str_equal(option, "-c") || str_equal(option, "--config"))
			rc = own_config_check(s, preset, key, word);
		else if ((str_equal(option, "-S") || str_equal(option, "--skiphooks")) &&
			 skips_hook(word))
			rc = err_set(s->err, EINVAL,
				"/%s: %s leaves vfio-bind out of its image: take it out there, then run this again",
				preset, key);
		option = word;
	}
	return rc;
}

/* A setting that keeps the hook out of an image; a fallback image is meant to be without. */
static int preset_check(struct search *s, const char *path)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0;
	char *rest, *line;
	int rc = 0;

	if (root_read(s->r, path, &text, &len, NULL) < 0)
		return 0;
	for (rest = text; rc == 0 && (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		char *equals = strchr(line, '=');
		if (line[0] == '#' || !equals)
			continue;
		*equals = '\0';
		char *value = value_trim(equals + 1);
		if (strstr(line, "fallback"))
			continue;
		if (str_ends(line, "_config"))
			rc = own_config_check(s, path, line, value);
		else if (str_ends(line, "_options"))
			rc = preset_options_check(s, path, line, value);
	}
	return rc;
}

/* A preset of a kernel that is gone makes mkinitcpio -P fail after all others. */
static bool preset_is_stale(const struct root *r, const char *path)
{
	_cleanup_(str_free) char *kernel = setting_read(r, path, "ALL_kver");

	return kernel && kernel[0] == '/' && !strchr(kernel, '$') && !root_is_file(r, kernel + 1);
}

static int presets_commands(struct search *s, const struct strings *presets)
{
	_cleanup_(strings_done) struct strings one_by_one = {0};
	int rc = 0;

	for (size_t i = 0; i < presets->n && rc == 0; i++) {
		_cleanup_(str_free) char *path = NULL;
		const char *name = presets->v[i];
		if (asprintf(&path, PRESETS "/%s", name) < 0)
			return -ENOMEM;
		if (preset_is_stale(s->r, path)) {
			rc = strings_print(&s->to->notes,
				"/%s: its kernel is not there any more: it is left out; remove the file if that is meant",
				path);
			continue;
		}
		rc = preset_check(s, path);
		if (rc == 0)
			rc = strings_print(&one_by_one, "mkinitcpio -p %.*s",
				(int)(strlen(name) - strlen(".preset")), name);
	}
	if (rc < 0)
		return rc;
	if (one_by_one.n == presets->n)
		return strings_add(&s->to->commands, "mkinitcpio -P");
	if (one_by_one.n == 0)
		return err_set(s->err, EINVAL,
			"/" PRESETS
			": no preset names a kernel that is there: mkinitcpio would make no image");
	s->to->commands = one_by_one;
	one_by_one = (struct strings){0};
	return 0;
}

/* A drop-in that comes after ours and sets HOOKS anew takes vfio-bind out again. */
static int hooks_check(struct search *s)
{
	static const char directory[] = "etc/mkinitcpio.conf.d";
	_cleanup_(strings_done) struct strings names = {0};

	if (root_list(s->r, directory, ".conf", &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_(str_free) char *path = NULL;
		if (asprintf(&path, "%s/%s", directory, names.v[i]) < 0)
			return -ENOMEM;
		if (strverscmp(names.v[i], "zz-vfio-bind.conf") > 0 &&
			root_line_holds(s->r, path, "HOOKS=(", "") &&
			!root_line_holds(s->r, path, "HOOKS=(", "vfio-bind"))
			return err_set(s->err, EINVAL,
				"/%s: sets HOOKS after zz-vfio-bind.conf has added vfio-bind: add it there, or give that file a name that sorts before",
				path);
	}
	return 0;
}

static int owner_presets(struct search *s)
{
	_cleanup_(strings_done) struct strings presets = {0};
	_cleanup_(str_free) char *asked = install_conf(s->r, "initrd_generator");

	if (!program(s->r, "mkinitcpio") || root_list(s->r, PRESETS, ".preset", &presets) < 0 ||
		presets.n == 0)
		return 0;
	/* Left behind where kernel-install has another generator build the image. */
	if (asked && !str_equal(asked, "mkinitcpio") && program(s->r, asked))
		return 0;
	int rc = presets_commands(s, &presets);
	return rc < 0 ? rc : owner_set(s, "mkinitcpio", "mkinitcpio", PRESETS);
}

/* ---- Debian's generators, and dracut alone -------------------------------------------------- */

static int owner_update_initramfs(struct search *s)
{
	_cleanup_(str_free) char *layout = install_conf(s->r, "layout");
	bool others = any_file(s->r, image_directories, "*.efi") && layout &&
		      str_equal(layout, "uki");

	/* Without an image in /boot it would update nothing; a new system has none of any kind. */
	if (!program(s->r, "update-initramfs") || !program(s->r, "mkinitramfs") ||
		(others && !any_file(s->r, boot_only, "initrd.img-*")))
		return 0;
	return owner_with(s, "update-initramfs", "initramfs-tools", "usr/sbin/mkinitramfs",
		"update-initramfs -u -k all");
}

/* Debian's dracut runs /etc/kernel/postinst.d and post-update.d itself, kernel-install among them.
 */
static int owner_dracut(struct search *s)
{
	if (!program(s->r, "dracut"))
		return 0;
	return owner_with(
		s, "dracut", "dracut", "usr/bin/dracut", "dracut --force --regenerate-all");
}

/* True if one of the directories of hooks that a generator runs after an image hands it to
 * kernel-install, so that nothing is to be run after the generator. */
static bool generator_hands_over(const struct root *r)
{
	return root_is_file(r, "etc/initramfs/post-update.d/systemd-boot") ||
	       root_is_file(r, "etc/kernel/postinst.d/zz-systemd-boot");
}

static int owner_debian(struct search *s)
{
	if (!generator_hands_over(s->r))
		return 0;
	int rc = owner_update_initramfs(s);
	return rc != 0 ? rc : owner_dracut(s);
}

/* No presets, and a layout for which 50-mkinitcpio.install writes nothing. */
static int refuse_layout_other(struct search *s)
{
	_cleanup_(str_free) char *layout = install_conf(s->r, "layout");

	if (!program(s->r, "mkinitcpio") || program(s->r, "dracut") || program(s->r, "mkinitramfs"))
		return 0;
	return err_set(s->err, EINVAL,
		"mkinitcpio has no preset in /" PRESETS
		", and layout=%s in /etc/kernel/install.conf has kernel-install make no image: nothing that makes the image that boots was found",
		layout ? layout : "(not set)");
}

/* True if a preset names this image of /boot. */
static bool preset_names(const struct root *r, const struct strings *presets, const char *image)
{
	for (size_t i = 0; i < presets->n; i++) {
		_cleanup_(str_free) char *path = NULL;
		if (asprintf(&path, PRESETS "/%s", presets->v[i]) < 0 ||
			root_line_holds(r, path, image, ""))
			return true;
	}
	return false;
}

/* Two generators, each with images of its own, and nothing that tells which of them boots. */
static int refuse_two(struct search *s)
{
	_cleanup_(strings_done) struct strings presets = {0}, images = {0};

	if (!program(s->r, "mkinitcpio") || !program(s->r, "mkinitramfs") ||
		root_list(s->r, PRESETS, ".preset", &presets) < 0 || presets.n == 0 ||
		root_list(s->r, "boot", "", &images) < 0)
		return 0;
	for (size_t i = 0; i < images.n; i++)
		if (str_starts(images.v[i], "initrd.img-") &&
			!preset_names(s->r, &presets, images.v[i]))
			return err_set(s->err, EINVAL,
				"two generators have made images here: mkinitcpio (/" PRESETS
				"/%s) and update-initramfs (/boot/%s); remove the one that does not make the image that boots",
				presets.v[0], images.v[i]);
	return 0;
}

/* ---- the decision -------------------------------------------------------------------------- */

/* In this order: what decides before a generator's mere presence comes first. */
static int (*const steps[])(struct search *s) = {
	refuse_managed,
	boot_is_mounted,
	refuse_two,
	owner_limine,
	owner_sdbootutil,
	owner_dracut_rebuild,
	owner_debian,
	owner_presets,
	owner_kernel_install,
	refuse_layout_other,
	owner_update_initramfs,
	owner_dracut,
	refuse_others,
};

int image_owner_find(const struct root *r, struct image_owner *ret, struct err *err)
{
	struct search s = {.r = r, .to = ret, .err = err};
	int rc = 0;

	*ret = (struct image_owner){0};
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && rc == 0; i++)
		rc = steps[i](&s);
	if (rc > 0 && str_equal(ret->generator, "dracut"))
		rc = dracut_leaves_out(&s);
	else if (rc > 0 && str_equal(ret->generator, "mkinitcpio"))
		rc = hooks_check(&s);
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	return rc < 0 ? rc : 0;
}
