/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/image.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "base/replace.h"
#include "cli/cmd.h"
#include "cli/image_default.h"
#include "cli/image_install.h"
#include "cli/image_record.h"
#include "cli/sysroot.h"
#include "host/archive.h"
#include "host/initrd.h"
#include "shared/spawn.h"
#include "shared/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GZIP_SECONDS 60

static const char *root_of(const struct image_job *job)
{
	return job->sysroot.root ? job->sysroot.root : "";
}

/* ---- which kernels -----------------------------------------------------------------------------
 */

static bool has_file(const char *root, const char *directory, const char *name)
{
	_cleanup_(str_free) char *path = NULL;

	return asprintf(&path, "%s%s%s", root, directory, name) >= 0 && access(path, F_OK) == 0;
}

static bool can_boot(const char *root, const char *kernel)
{
	_cleanup_(str_free) char *directory = NULL;

	return has_file(root, "/boot/vmlinuz-", kernel) ||
	       (asprintf(&directory, "/lib/modules/%s", kernel) >= 0 &&
		       has_file(root, directory, "/vmlinuz"));
}

/* A directory of modules may be left of a kernel that is gone. */
static int kernels_find(struct strings *ret, const char *root, struct err *err)
{
	_cleanup_(strings_done) struct strings all = {0};
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%s/lib/modules", root) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = dir_list(&all, AT_FDCWD, path, NULL, strverscmp);
	if (r < 0)
		return err_set(err, -r, "%s: %s; name kernels with --kernel", path, strerror(-r));
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (can_boot(root, all.v[i]))
			r = strings_add(ret, all.v[i]);
	if (r < 0)
		return err_set(err, ENOMEM, "out of memory");
	return ret->n > 0
		       ? 0
		       : err_set(err, ENOENT,
				 "%s: no kernel that has modules and is in /boot; name one with --kernel",
				 path);
}

/* ---- the archive -------------------------------------------------------------------------------
 */

struct making {
	const struct image_job *job;
	const struct config *config;
	struct strings kernels, missing;
	struct text drivers; /* of all kernels: core/variant */
	char digest[IMAGE_DIGEST_MAX];
	struct cpio_write cpio;
};

static void making_done(struct making *m)
{
	strings_done(&m->kernels);
	strings_done(&m->missing);
	text_done(&m->drivers);
	cpio_write_done(&m->cpio);
}

static int note_missing(
	struct making *m, const struct image *image, const char *kernel, struct err *err)
{
	for (size_t i = 0; i < image->missing.n; i++) {
		log_print(LOG_WARNING,
			"kernel %s has no module %s; install the kernel's modules and make the archive again",
			kernel, image->missing.v[i]);
		if (strings_add_unique(&m->missing, image->missing.v[i], err) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_kernel(struct making *m, size_t i, struct err *err)
{
	_cleanup_(image_done) struct image image = {0};
	_cleanup_(str_free) char *directory = NULL;
	const char *kernel = m->kernels.v[i];

	if (strchr(kernel, '/') || kernel[0] == '.')
		return err_set(err, EINVAL, "--kernel %s: is not the version of a kernel", kernel);
	if (asprintf(&directory, "%s/lib/modules/%s", root_of(m->job), kernel) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = image_list(&image, m->config, &m->job->sysroot, directory, err);
	variants_format(&image.variants, kernel, &m->drivers);
	if (r == 0 && i == 0) {
		(void)str_copy(m->digest, sizeof(m->digest), image.digest);
		r = archive_add_program(&m->cpio, &image, m->config, err);
	}
	if (r == 0)
		r = note_missing(m, &image, kernel, err);
	return r == 0 ? archive_add_kernel(&m->cpio, &image, directory, err) : r;
}

static int archive_make(struct making *m, struct err *err)
{
	_cleanup_(text_done) struct text record = {0};
	const struct image_job *job = m->job;
	int r = 0;

	for (size_t i = 0; i < job->kernels.n && r >= 0; i++)
		r = strings_add_unique(&m->kernels, job->kernels.v[i], err);
	if (r >= 0)
		r = m->kernels.n > 0 ? 0 : kernels_find(&m->kernels, root_of(job), err);
	for (size_t i = 0; i < m->kernels.n && r == 0; i++)
		r = add_kernel(m, i, err);
	if (r == 0)
		r = image_record_make(&record, &job->sysroot, m->config, m->digest, &m->kernels,
			&m->missing, err);
	if (r < 0)
		return r;
	if (m->drivers.failed)
		return err_set(err, ENOMEM, "out of memory");
	cpio_add_file(&m->cpio, "etc/" IMAGE_RECORD_NAME, 0644, record.data, record.len);
	if (m->drivers.len > 0)
		cpio_add_file(
			&m->cpio, "etc/" VARIANTS_NAME, 0644, m->drivers.data, m->drivers.len);
	cpio_end(&m->cpio);
	if (m->cpio.out.failed)
		return err_set(err, ENOMEM, "out of memory");
	return m->cpio.out.len > IMAGE_ARCHIVE_MAX
		       ? err_set(err, EFBIG, "the archive has more than %lu MiB",
				 IMAGE_ARCHIVE_MAX >> 20)
		       : 0;
}

/* Without name and time in it, so that the same archive makes the same bytes. */
static int compress(const struct text *from, struct spawn_result *ret, struct err *err)
{
	static const char *const argv[] = {"gzip", "-9nc", NULL};
	_cleanup_(fd_close) int fd = memfd_create("archive", MFD_CLOEXEC);

	for (size_t at = 0; at < from->len;) {
		ssize_t n = fd < 0 ? -1 : write(fd, from->data + at, from->len - at);
		if (n < 0)
			return err_set(err, errno, "memory for the archive: %s", strerror(errno));
		at += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, errno, "memory for the archive: %s", strerror(errno));
	const struct spawn_job job = {.argv = argv,
		.name = "gzip",
		.in = fd,
		.seconds = GZIP_SECONDS,
		.max = IMAGE_ARCHIVE_MAX};
	int status = spawn_bounded(&job, ret, err);
	if (status > 0)
		return err_set(err, EIO, "gzip: ended with status %d: %.300s", status,
			ret->said.data ? ret->said.data : "");
	return status;
}

/* ---- the file ----------------------------------------------------------------------------------
 */

static bool has_bytes(const char *path, const char *data, size_t len)
{
	_cleanup_(str_free) char *old = NULL;
	size_t old_len;

	return file_read(AT_FDCWD, path, IMAGE_ARCHIVE_MAX, &old, &old_len, NULL) == 0 &&
	       txn_same(old, old_len, data, len);
}

static int read_back(const char *path, struct err *err)
{
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(text_done) struct text record = {0};

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", path, strerror(errno));
	int r = initrd_record_read(fd, path, &record, err);
	return r == 0 ? err_set(err, EIO, "%s: does not hold what was written", path)
		      : (r < 0 ? r : 0);
}

static enum cmd_result put(const struct making *m, const char *data, size_t len, struct err *err)
{
	const char *path = m->job->output;
	bool same = has_bytes(path, data, len);

	if ((!same && file_replace_path(path, data, len, 0644, err) < 0) ||
		read_back(path, err) < 0)
		return CMD_SYSTEM;
	log_print(LOG_NOTICE, "%s: %s, %zu kB for %s%s", path, same ? "is up to date" : "written",
		(len + 999) / 1000, m->kernels.n == 1 ? "kernel " : "",
		m->kernels.n == 1 ? m->kernels.v[0] : "all kernels");
	return CMD_AS_ASKED;
}

enum cmd_result image_write(const struct image_job *job, struct err *err)
{
	_cleanup_(config_done) struct config c = {0};
	_cleanup_(making_done) struct making m = {.job = job, .config = &c};
	_cleanup_(spawn_result_done) struct spawn_result packed = {0};
	const char *path = job->sysroot.config ? job->sysroot.config : CONFIG_PATH;
	int r = config_read(&c, path, true);

	if (r == -ENOMEM) {
		(void)err_set(err, ENOMEM, "%s: out of memory", path);
		return CMD_SYSTEM;
	}
	ctx_log_errors(&c);
	if (c.n_errors > 0)
		return CMD_CONFIG;
	if (archive_make(&m, err) < 0 || (job->gzip && compress(&m.cpio.out, &packed, err) < 0))
		return CMD_SYSTEM;
	const struct text *out = job->gzip ? &packed.out : &m.cpio.out;
	return put(&m, out->data, out->len, err);
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static bool is_gzip(const char *path)
{
	_cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[2];

	return fd >= 0 && read(fd, magic, 2) == 2 && memcmp(magic, "\x1f\x8b", 2) == 0;
}

/* The name of the directory that the file is in. */
static int add_directory_name(struct strings *to, const char *path)
{
	const char *end = strrchr(path, '/'), *begin = end;

	while (begin > path && begin[-1] != '/')
		begin--;
	char *name = strndup(begin, (size_t)(end - begin));
	return name ? strings_take(to, name) : -ENOMEM;
}

static enum cmd_result renew(
	const struct sysroot *of, const char *path, bool of_all, struct err *err)
{
	struct image_job job = {.sysroot = *of, .output = path, .gzip = is_gzip(path)};
	enum cmd_result result = CMD_SYSTEM;

	if (!of_all && add_directory_name(&job.kernels, path) < 0)
		(void)err_set(err, ENOMEM, "out of memory");
	else
		result = image_write(&job, err);
	strings_done(&job.kernels);
	return result;
}

/* One that fails does not stop the others: its text is logged. */
static enum cmd_result renew_all(const struct sysroot *of, const glob_t *found)
{
	enum cmd_result worst = CMD_AS_ASKED;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct err err = {""};
		const char *path = found->gl_pathv[i];
		enum cmd_result r = renew(of, path, str_ends(path, "/" IMAGE_ARCHIVE), &err);
		if (err.text[0])
			log_print(LOG_ERROR, "%s: %s", path, err.text);
		worst = r > worst ? r : worst;
	}
	return worst;
}

/*
 * Makes each archive anew that a boot entry of this system starts: those of kernel-install's plugin
 * (BOOT/TOKEN/VERSION/initrd-vfio-bind, for that kernel) and BOOT/vfio-bind.cpio (for all), each
 * compressed or not as it is. Nothing else is made: no generator runs. CMD_NOT_ALL with a text if
 * there is none; else the worst result of image_write, which is tried for each.
 */
static enum cmd_result image_renew(const struct sysroot *of, struct err *err)
{
	static const char *const patterns[] = {"/boot/" IMAGE_ARCHIVE, "/efi/" IMAGE_ARCHIVE,
		"/boot/efi/" IMAGE_ARCHIVE, "/boot/*/*/" IMAGE_PLUGIN_ARCHIVE,
		"/efi/*/*/" IMAGE_PLUGIN_ARCHIVE, "/boot/efi/*/*/" IMAGE_PLUGIN_ARCHIVE};
	glob_t found = {0};
	bool any = false;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		_cleanup_(str_free) char *pattern = NULL;
		if (asprintf(&pattern, "%s%s", of->root ? of->root : "", patterns[i]) < 0)
			pattern = NULL;
		int r = pattern ? glob(pattern, any ? GLOB_APPEND : 0, NULL, &found) : GLOB_NOSPACE;
		if (r == GLOB_NOSPACE) {
			globfree(&found);
			(void)err_set(err, ENOMEM, "out of memory");
			return CMD_SYSTEM;
		}
		any |= r == 0;
	}
	if (!any)
		(void)err_set(err, ENOENT,
			"no archive that a boot entry starts is there: have one written and loaded by --install, or made by kernel-install (vfio-bind(8), image)");
	enum cmd_result result = any ? renew_all(of, &found) : CMD_NOT_ALL;
	globfree(&found);
	return result;
}

static int add_kernel_name(void *to, const char *value, struct err *err)
{
	return strings_add_unique(to, value, err);
}

enum cmd_result cmd_image(int argc, char **argv, struct err *err)
{
	static const struct command_info info = {
		.about =
			"Writes one archive that makes any initramfs bind the devices of the config: a further initrd of a boot entry, behind the image or (not compressed) in front of it."};
	struct image_job job = {.sysroot = SYSROOT_HOST};
	bool help = false, install = false, prefer = false;
	const struct option_row rows[] = {
		{"install", 0, NULL,
			"write it beside the kernels, and have the boot entries load it", NULL,
			&install, NULL, NULL},
		{"default", 0, NULL,
			"make the entry of its own the default, after a good boot of it", NULL,
			&prefer, NULL, NULL},
		{"output", 'o', "FILE",
			"the archive; without it each one that is installed is made anew",
			&job.output, NULL, NULL, NULL},
		{"kernel", 'k', "VERSION",
			"a kernel that it is for, and no other; may be given again", NULL, NULL,
			add_kernel_name, &job.kernels},
		{"gzip", 0, NULL, "compress it: only for a place behind the image", NULL, &job.gzip,
			NULL, NULL},
		SYSROOT_OPTIONS(&job.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (command_parse(&info, rows, argc, argv, &help, NULL, &result, err)) {
		result = CMD_USAGE;
		if (needs_root("image", job.sysroot.sysfs ? job.sysroot.sysfs : job.sysroot.root,
			    err) < 0)
			result = CMD_SYSTEM;
		else if ((install || prefer) &&
			 (install == prefer || job.output || job.kernels.n > 0 || job.gzip))
			(void)err_set(err, EINVAL,
				"--install and --default know the file and the kernels by themselves: say one of them, without --output, --kernel and --gzip");
		else if (prefer)
			result = image_default(&job.sysroot, err);
		else if (install)
			result = image_install(&job.sysroot, err);
		else if (job.output)
			result = image_write(&job, err);
		else if (job.kernels.n > 0 || job.gzip)
			(void)err_set(err, EINVAL,
				"missing --output FILE: without it each archive is made as it is");
		else
			result = image_renew(&job.sysroot, err);
	}
	strings_done(&job.kernels);
	return result;
}
