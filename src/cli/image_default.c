/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/image_default.h"

#include "base/kcmdline.h"
#include "base/log.h"
#include "cli/dev_status.h"
#include "cli/image.h"
#include "core/kmod.h"
#include "core/report.h"
#include "host/boot_images.h"
#include "shared/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char own_word[] = "rdinit=" ARCHIVE_INIT;

/* ---- was the boot good -------------------------------------------------------------------------
 */

static int word_check(const char *root, struct err *err)
{
	_cleanup_(str_free) char *line = NULL;
	int r = kcmdline_read(&line, root);

	if (r < 0)
		return err_set(err, -r, "the kernel command line can't be read");
	return kcmdline_has(line, own_word)
		       ? 0
		       : err_set(err, ENOENT,
				 "this boot was not that of the entry of its own, its command line has no %s: choose that entry in the boot menu, then run this again",
				 own_word);
}

static int devices_check(const struct status *a, struct err *err)
{
	char text[DEV_STATUS_TEXT_MAX];

	for (size_t i = 0; i < a->n; i++)
		if (!dev_status_is_ok(&a->rows[i]))
			return err_set(err, ENODEV, "%.20s %.300s: see vfio-bind status",
				a->rows[i].requested->address,
				dev_status_text(&a->rows[i], a, text));
	return 0;
}

static int report_check(const struct status *a, const char *config, struct err *err)
{
	if (a->boot.off)
		return err_set(
			err, ENODEV, "nothing was touched at this boot: %.300s", a->boot.off);
	if (a->boot.config_errors > 0)
		return err_set(err, EINVAL,
			"nothing was bound at this boot, the config in the archive was in error");
	if (a->config_changed != 0)
		return err_set(err, ESTALE,
			"%s: %s: run vfio-bind image, and boot that entry once more", config,
			a->config_changed > 0
				? "is another than the one in the archive that has booted"
				: "nothing tells whether the archive that has booted was made from it");
	if (a->n == 0)
		return err_set(err, ENODEV, "%s: this boot was asked for no device", config);
	return devices_check(a, err);
}

static int boot_check(const char *root, const char *config, struct err *err)
{
	_cleanup_(str_free) char *run = NULL, *sysfs = NULL;
	_cleanup_(status_done) struct status a = {0};

	if (root &&
		(asprintf(&run, "%s" REPORT_DIR, root) < 0 || asprintf(&sysfs, "%s/sys", root) < 0))
		return err_set(err, ENOMEM, "out of memory");
	int r = word_check(root, err);
	if (r < 0)
		return r;
	r = status_read(&a, run ? run : REPORT_DIR, sysfs, config, err);
	if (r == -ENOENT)
		return err_set(err, ENOENT,
			"this boot has left no report: the program of the archive did not run");
	return r < 0 ? r : report_check(&a, config, err);
}

/* ---- the entry ---------------------------------------------------------------------------------
 */

/* The archive of all kernels, as the system calls it; NULL: there is none. */
static const char *archive_find(const char *root)
{
	static const char *const places[] = {
		"/boot/" IMAGE_ARCHIVE, "/efi/" IMAGE_ARCHIVE, "/boot/efi/" IMAGE_ARCHIVE};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		_cleanup_(str_free) char *path = NULL;
		if (asprintf(&path, "%s%s", root ? root : "", places[i]) >= 0 &&
			access(path, F_OK) == 0)
			return places[i];
	}
	return NULL;
}

enum cmd_result image_default(const struct sysroot *of, struct err *err)
{
	const char *archive = archive_find(of->root);
	char path[PATH_MAX];

	if (!archive)
		(void)err_set(err, ENOENT,
			"no " IMAGE_ARCHIVE
			" is there that an entry of its own starts: vfio-bind image --install makes both");
	if (!archive || boot_check(of->root, of->config ? of->config : CONFIG_PATH, err) < 0)
		return CMD_NOT_ALL;
	const char *const argv[] = {boot_images_bootcfg(path), "--root", of->root ? of->root : "/",
		"--initrd", archive, "--add", own_word, "--default", "--yes", NULL};
	int status = spawn_program(argv, err);
	if (status > 0)
		(void)err_set(err, EIO, "vfio-bootcfg --default ended with %d (see above)", status);
	if (status != 0)
		return CMD_SYSTEM;
	log_print(LOG_NOTICE,
		"that entry boots by default from now on, the one without it is beside it; back: vfio-bootcfg --undo");
	return CMD_AS_ASKED;
}
