/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/dracut.h"
#include "bootcfg/loader/mkinitcpio.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/loader/uki_entries.h"
#include "bootcfg/loader/uki_parts.h"
#include "bootcfg/loader/whole_line.h"
#include "shared/kernel_install.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What builds the image where nothing says it: ukify takes that for itself (60-ukify.install);
 * where it is not installed, older versions of dracut did. */
static const char *usual_generator(const struct root *r)
{
	static const char dir[] = "usr/lib/kernel/install.d/";
	char ukify[64], dracut[64];

	(void)snprintf(ukify, sizeof(ukify), "%s60-ukify.install", dir);
	(void)snprintf(dracut, sizeof(dracut), "%s50-dracut.install", dir);
	return root_is_file(r, dracut) && !root_is_file(r, ukify) ? "dracut" : "ukify";
}

/* /etc/kernel/cmdline, which ukify reads, and mkinitcpio with its drop-ins. */
static int cmdline_sources_add(
	const struct detect *s, struct loaders *to, const char *drop_ins, struct err *err)
{
	bool have = false;

	if (kernel_cmdline_add(s->root, to, drop_ins, ".conf", &have) < 0 ||
		(!have && whole_line_pin(s->root, to, "kernel-install", &have) < 0))
		return -ENOMEM;
	return have ? 0
		    : err_set(err, EINVAL,
			      "kernel-install builds unified kernel images with the command line of the running system; write it to /etc/kernel/cmdline first (with root=), so that there is something to edit");
}

/* `layout=uki` in install.conf: an image alone does not name kernel-install as its builder. Each
 * generator has the line from elsewhere. */
static int kernel_install_look(
	const struct detect *s, struct loaders *to, bool *ret_found, struct err *err)
{
	_cleanup_(str_free) char *layout = kernel_install_setting(
		s->root, detect_shell_value, "layout");
	_cleanup_(str_free) char *set = kernel_install_setting(
		s->root, detect_shell_value, "uki_generator");
	const char *by = set && set[0] ? set : usual_generator(s->root);
	int rc;

	if (!str_equal(layout ? layout : "", "uki") || str_equal(by, "none"))
		return 0;
	if (str_equal(by, "dracut"))
		rc = dracut_sources_add(s, to, err);
	else if (str_equal(by, "mkinitcpio"))
		rc = cmdline_sources_add(s, to, "etc/cmdline.d", err);
	else if (str_equal(by, "ukify"))
		rc = cmdline_sources_add(s, to, NULL, err);
	else
		return err_set(err, EINVAL,
			"/etc/kernel/install.conf: uki_generator=%.60s builds the unified kernel images, and where that takes the command line from is not known here; edit its file, then run `kernel-install add-all`",
			by);
	if (rc < 0)
		return rc;
	*ret_found = true;
	return kernel_install_commands(s->root, &to->next);
}

/* dracut by itself: uefi=yes. */
static int dracut_look(const struct detect *s, struct loaders *to, bool *ret_found, struct err *err)
{
	if (!dracut_builds_images(s))
		return 0;
	int rc = dracut_sources_add(s, to, err);
	if (rc < 0)
		return rc;
	*ret_found = true;
	return strings_add(&to->next, "dracut --regenerate-all --force");
}

/* The images below EFI/Linux, for a message: the only one, or a pattern; NULL: none. */
static char *images_find(const struct detect *s)
{
	struct text path = {0};

	for (size_t i = 0; i < s->boots.n && !path.data; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/EFI/Linux", s->boots.v[i]);
		(void)!root_list(s->root, dir, ".efi", &names);
		if (names.n > 0)
			text_print(&path, "/%s/%s", dir, names.n == 1 ? names.v[0] : "*.efi");
	}
	return path.data;
}

/* The database of sbctl, up to 0.13 and since; NULL: it builds no image here. */
static const char *sbctl_bundles(const struct root *r)
{
	static const char *const paths[] = {
		"var/lib/sbctl/bundles.json", "usr/share/secureboot/bundles.db", NULL};

	for (const char *const *p = paths; *p; p++)
		if (root_is_file(r, *p))
			return *p;
	return NULL;
}

/* Images of sbctl or of a script: the source is edited, and the user builds them anew, for
 * kernel-install without layout=uki would write other entries and leave the images as they are. */
static int images_look(const struct detect *s, struct loaders *to, bool *ret_found, struct err *err)
{
	_cleanup_(str_free) char *images = images_find(s);
	const char *bundles = sbctl_bundles(s->root);
	struct text work = {0};
	bool have = false;

	/* sbupdate has its line in its own file: managed.c. */
	if (!images || *ret_found || root_is_file(s->root, "etc/sbupdate.conf"))
		return 0;
	if (bundles && root_holds(s->root, bundles, "\"cmdline\"") &&
		!root_holds(s->root, bundles, "/etc/kernel/cmdline"))
		return err_set(err, EINVAL,
			"/%s: sbctl builds %s with the command line of another file than /etc/kernel/cmdline; edit that file, then run `sbctl generate-bundles --sign`",
			bundles, images);
	if (kernel_cmdline_add(s->root, to, NULL, NULL, &have) < 0)
		return -ENOMEM;
	if (!have)
		return strings_add(&to->notes,
			"unified kernel images were found, and nothing that says what builds them: they are left alone");
	*ret_found = true;
	text_print(&work, "rebuild %s with what built it%s", images,
		bundles ? ": sbctl generate-bundles --sign" : " (ukify, sbctl or a script)");
	return strings_take(&to->by_hand, work.data);
}

/*
 * Unified kernel images: the command line is inside a signed file, so its source is edited and the
 * image is built again. The images are found beside the entries of systemd-boot, too, which then
 * gives the loader its name.
 */
static int detect(struct loader_search *q, struct err *err)
{
	const char *name = q->o->loader;
	bool by_name = !name || str_equal(name, "uki") || str_equal(name, "bls"), found = false,
	     installs = false;

	if (!by_name && !q->s->systemd_boot && q->s->grub_complete)
		return 0;
	int rc = mkinitcpio_sources_add(q->s, q->to, &found, err);
	if (rc == 0)
		rc = kernel_install_look(q->s, q->to, &installs, err);
	/* kernel-install calls dracut with --uefi or --no-uefi: uefi=yes does not count there. */
	if (rc == 0 && !installs)
		rc = dracut_look(q->s, q->to, &found, err);
	found |= installs;
	if (rc == 0)
		rc = images_look(q->s, q->to, &found, err);
	q->to->image |= found;
	if (rc < 0 || !found)
		return rc;
	_cleanup_(str_free) char *images = images_find(q->s);
	if (!images && q->s->unmounted.n > 0)
		return err_set(err, ENOENT,
			"/%s: is in /etc/fstab and not mounted, and no unified kernel image is in sight; run `mount /%s`, then this again",
			q->s->unmounted.v[0], q->s->unmounted.v[0]);
	if (q->entries.n == 0)
		loader_found(q->to, &loader_uki);
	return 0;
}

/* The images that are there: those that are made next are as they are. */
static int images_check(const struct root *r, const struct loaders *l, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	int rc = boot_entries_read(r, l, &o) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;

	for (size_t i = 0; i < o.n && rc == 0; i++) {
		_cleanup_(uki_done) struct uki u = {0};
		const struct boot_entry *e = &o.v[i];
		if (e->ours && !e->way_back && !e->no_linux && e->image.state == BOOT_FILE_THERE &&
			uki_read(r, e->image.path, &u) == 0 && u.is_image)
			rc = uki_profiles_check(r, e->image.path, &u, err);
	}
	return rc;
}

/* Who builds the images: where kernel-install has ukify do it, its plugin adds profiles. */
static int own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *layout = kernel_install_setting(r, detect_shell_value, "layout");
	_cleanup_(str_free) char *set = kernel_install_setting(
		r, detect_shell_value, "uki_generator");
	const char *by = set && set[0] ? set : usual_generator(r);

	(void)list;
	(void)s;
	if (str_equal(layout ? layout : "", "uki") && str_equal(by, "ukify"))
		return images_check(r, l, err);
	return err_set(err, EINVAL,
		"the unified kernel images are not made by kernel-install with ukify, and nothing that is known here would give each of them further profiles: have it build them (layout=uki and uki_generator=ukify in /etc/kernel/install.conf)");
}

/* Without systemd-boot the firmware starts the images. */
static int entries(struct boot_reading *q)
{
	return q->images_read ? 0 : uki_entries_read(q, &loader_uki);
}

const struct loader loader_uki = {
	.name = "uki",
	.called = (const char *const[]){"uki", "systemd-boot", "sd-boot", "bls", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, &loader_limine,
		&loader_refind, &loader_grub, &loader_firmware, NULL},
	.detect = detect,
	.entries = entries,
	.own = own,
};
