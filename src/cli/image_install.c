/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/image_install.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/image.h"
#include "core/kmod.h"
#include "host/boot_images.h"
#include "host/initrd.h"
#include "shared/spawn.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which images boot -------------------------------------------------------------------------
 */

struct booted {
	const char *partition; /* where the archive goes, below the root; with a slash at its end */
	bool other;            /* not systemd is /init of one of them */
};

static const char *partition_of(const char *path)
{
	static const char *const places[] = {"boot/efi/", "efi/", "boot/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (str_starts(path, places[i]))
			return places[i];
	return NULL;
}

static int image_look(const char *root, const char *path, struct booted *ret, struct err *err)
{
	_cleanup_(str_free) char *full = NULL;

	if (asprintf(&full, "%s/%s", root, path) < 0)
		return err_set(err, ENOMEM, "out of memory");
	_cleanup_(fd_close) int fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", full, strerror(errno));
	int r = initrd_is_systemd(fd, full, err);
	if (r == 0)
		ret->other = true;
	return r < 0 ? r : 0;
}

static int booted_look(
	const struct boot_images *b, const char *root, struct booted *ret, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		const struct boot_image *one = &b->at[i];
		if (one->way_back || !one->path)
			continue;
		if (!ret->partition)
			ret->partition = partition_of(one->path);
		/* The entry that loads an archive of ours by an earlier run. */
		if (str_ends(one->path, "/" IMAGE_ARCHIVE))
			continue;
		r = image_look(root, one->path, ret, err);
	}
	if (r == 0 && !ret->partition)
		r = err_set(err, ENOENT,
			"no boot entry of this system starts an image in /boot or /efi: name the file with --output, and have it loaded by hand (vfio-bind(8), image)");
	return r;
}

/* ---- the entries -------------------------------------------------------------------------------
 */

static int entries_edit(const char *root, const char *archive, bool own_entry, struct err *err)
{
	char path[PATH_MAX];
	const char *argv[10] = {
		boot_images_bootcfg(path), "--root", root, "--initrd", archive, "--yes"};

	if (own_entry) {
		argv[6] = "--add";
		argv[7] = "rdinit=" ARCHIVE_INIT;
	}
	int status = spawn_program(argv, err);
	if (status > 0)
		return err_set(err, EIO, "vfio-bootcfg --initrd ended with %d (see above)", status);
	return status;
}

static void archive_remove(const char *file)
{
	_cleanup_(txn_place_done) struct txn_place p = TXN_NOWHERE;
	struct err err = {""};

	if (txn_place_host(file, &p, &err) < 0 ||
		txn_set(&p, (struct txn_bytes){NULL, 0}, 0644, IMAGE_ARCHIVE_MAX, &err) < 0)
		log_print(LOG_WARNING, "%s: is left, and no entry loads it: %s", file, err.text);
}

/* Of the entries that get it each has to hold it; of one of their own, there is one. */
static enum cmd_result read_back(
	const char *root, const char *config, bool own_entry, struct err *err)
{
	_cleanup_(boot_images_done) struct boot_images b = {0};
	const struct boot_image *wrong = NULL;
	size_t held = 0;

	if (boot_images_read(&b, root, config, err) < 0)
		return CMD_NOT_ALL;
	for (size_t i = 0; i < b.n; i++) {
		bool holds = b.at[i].state == BOOT_IMAGE_HOLDS;
		held += holds;
		if (!holds && !b.at[i].way_back)
			wrong = &b.at[i];
	}
	if (own_entry ? held == 0 : wrong != NULL) {
		(void)err_set(err, EIO, "the entry \"%.100s\" does not load the archive%s",
			wrong ? wrong->title : "", own_entry ? " either: none does" : "");
		return CMD_NOT_ALL;
	}
	log_print(LOG_NOTICE,
		own_entry
			? "an entry of its own loads it, and the default is as before: choose that entry at the next boot, then vfio-bind image --default makes it the default if it was good"
			: "all boot entries of this system load it; vfio-bind binds from the next boot on");
	return CMD_AS_ASKED;
}

static enum cmd_result install(const struct sysroot *of, const struct booted *b, struct err *err)
{
	const char *root = of->root ? of->root : "/";
	const char *config = of->config ? of->config : CONFIG_PATH;
	_cleanup_(str_free) char *file = NULL;
	struct image_job job = {.sysroot = *of};
	char archive[64];

	(void)snprintf(archive, sizeof(archive), "/%s" IMAGE_ARCHIVE, b->partition);
	if (asprintf(&file, "%s%s", of->root ? of->root : "", archive) < 0) {
		file = NULL;
		(void)err_set(err, ENOMEM, "out of memory");
		return CMD_SYSTEM;
	}
	bool there = access(file, F_OK) == 0;
	job.output = file;
	enum cmd_result result = image_write(&job, err);
	if (result != CMD_AS_ASKED)
		return result;
	if (entries_edit(root, archive, b->other, err) < 0) {
		if (!there)
			archive_remove(file);
		return CMD_SYSTEM;
	}
	return read_back(root, config, b->other, err);
}

enum cmd_result image_install(const struct sysroot *of, struct err *err)
{
	_cleanup_(boot_images_done) struct boot_images images = {0};
	struct booted booted = {0};
	const char *root = of->root ? of->root : "/";

	if (boot_images_read(&images, root, NULL, err) < 0 ||
		booted_look(&images, of->root ? of->root : "", &booted, err) < 0)
		return CMD_SYSTEM;
	return install(of, &booted, err);
}
