/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/archive.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/log.h"
#include "core/kmod.h"
#include "host/hotplug_rules.h"
#include "shared/spawn.h"
#include "shared/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCAL "usr/local/lib"
#define OWN LOCAL "/vfio-bind"
_Static_assert(
	sizeof(ARCHIVE_DIR) - 1 == sizeof(OWN), "one directory, here without its first slash");
#define PROGRAM OWN "/vfio-bind-boot"
#define UNIT "vfio-bind.service"
#define FILE_MAX (64UL << 20)

/* ---- files -------------------------------------------------------------------------------------
 */

static int add_copy(
	struct cpio_write *to, const char *name, mode_t mode, const char *path, struct err *err)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, path, FILE_MAX, &data, &len, err);

	if (r == 0)
		cpio_add_file(to, name, mode, data, len);
	return r;
}

/* The unit and the udev rule name the program of an image that a hook was in: here it has another
 * place. */
static int add_for_program(
	struct cpio_write *to, const char *name, const char *path, struct err *err)
{
	static const char usual[] = "/usr/bin/vfio-bind ";
	_cleanup_(str_free) char *data = NULL;
	_cleanup_(text_done) struct text t = {0};
	size_t len;
	int r = file_read(AT_FDCWD, path, FILE_MAX, &data, &len, err);

	if (r < 0)
		return r;
	const char *rest = data;
	for (const char *at; (at = strstr(rest, usual)); rest = at + sizeof(usual) - 1)
		text_print(&t, "%.*s/" PROGRAM " ", (int)(at - rest), rest);
	text_print(&t, "%s", rest);
	if (t.failed)
		return err_set(err, ENOMEM, "out of memory");
	cpio_add_file(to, name, 0644, t.data, t.len);
	return 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What image_list names beside the config: the udev rule, and files of modprobe.d. */
static int add_settings(
	struct cpio_write *to, const struct image *image, const struct config *c, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < image->files.n && r == 0; i++) {
		const char *path = image->files.v[i];
		char name[512];
		bool rule = str_ends(path, ".rules");
		if (str_equal(path, c->path))
			continue;
		int n = snprintf(name, sizeof(name), LOCAL "/%s/%s",
			rule ? "udev/rules.d" : "modprobe.d", last_part(path));
		if (n < 0 || (size_t)n >= sizeof(name))
			return err_set(err, ENAMETOOLONG, "%s: its name is too long", path);
		r = rule ? add_for_program(to, name, path, err)
			 : add_copy(to, name, 0644, path, err);
	}
	return r;
}

static int add_unit(struct cpio_write *to, const struct image *image, struct err *err)
{
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%.*s" UNIT, (int)(last_part(image->program) - image->program),
		    image->program) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = add_for_program(to, LOCAL "/systemd/system/" UNIT, path, err);
	if (r < 0)
		return r;
	cpio_add_link(to, LOCAL "/systemd/system/sysinit.target.wants/" UNIT, "../" UNIT);
	return 0;
}

int archive_add_program(
	struct cpio_write *to, const struct image *image, const struct config *c, struct err *err)
{
	_cleanup_(text_done) struct text rules = {0};

	if (image->libraries.n > 0)
		return err_set(err, ENOPKG,
			"%s: needs shared libraries, which an image without vfio-bind may not have; build it with STATIC=yes",
			image->program);
	int r = 0;
	if (image->digest[0])
		r = add_copy(to, "etc/vfio-bind.conf", 0644, c->path, err);
	if (r == 0)
		r = add_copy(to, PROGRAM, 0755, image->program, err);
	if (r < 0)
		return r;
	cpio_add_link(to, OWN "/init", last_part(image->program));
	r = add_unit(to, image, err);
	if (r == 0)
		r = add_settings(to, image, c, err);
	if (r == 0 && hotplug_rules_format(&rules, c))
		cpio_add_file(
			to, LOCAL "/udev/rules.d/" HOTPLUG_RULES_NAME, 0644, rules.data, rules.len);
	return r == 0 && (rules.failed || to->out.failed) ? err_set(err, ENOMEM, "out of memory")
							  : r;
}

/* ---- modules -----------------------------------------------------------------------------------
 */

/* depmod works on a tree lib/modules/KERNEL. */
struct tree {
	struct tmpdir dir;
	char *below;
};

static void tree_done(struct tree *t)
{
	tmpdir_done(&t->dir);
	str_free(&t->below);
}

static int tree_write(
	struct tree *t, const char *name, const char *data, size_t len, struct err *err)
{
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%s/%s", t->below, name) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int r = tmpdir_write(&t->dir, path, 0, data, len);
	return r < 0 ? err_set(err, -r, "%s/%s: can't write it: %s", t->dir.path, path,
			       strerror(-r))
		     : 0;
}

/* Which modules the kernel has built in. */
static int tree_copy_builtin(struct tree *t, const char *directory, struct err *err)
{
	static const char *const names[] = {
		"modules.order", "modules.builtin", "modules.builtin.modinfo"};
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && r == 0; i++) {
		_cleanup_(str_free) char *path = NULL, *data = NULL;
		size_t len;
		if (asprintf(&path, "%s/%s", directory, names[i]) < 0)
			return err_set(err, ENOMEM, "out of memory");
		/* Old kernels lack the last; without the others depmod only complains. */
		if (file_read(AT_FDCWD, path, FILE_MAX, &data, &len, NULL) == 0)
			r = tree_write(t, names[i], data, len, err);
	}
	return r;
}

static int run_depmod(const struct tree *t, const char *kernel, struct err *err)
{
	const char *const argv[] = {"depmod", "-b", t->dir.path, kernel, NULL};
	int status = spawn_silently(argv, err);

	if (status == 0)
		return 0;
	return status < 0
		       ? status
		       : err_set(err, EIO,
				 "depmod: ended with status %d: it makes the index of the modules; is kmod installed?",
				 status);
}

/* So that what depmod made is removed with the directory. */
static int take_files(struct tree *t, struct strings *ret, struct err *err)
{
	int r = dir_list(ret, t->dir.fd, t->below, NULL, NULL);

	for (size_t i = 0; i < ret->n && r == 0; i++) {
		_cleanup_(str_free) char *path = NULL;
		r = asprintf(&path, "%s/%s", t->below, ret->v[i]) < 0 ? -ENOMEM
								      : tmpdir_take(&t->dir, path);
	}
	return r < 0 ? err_set(err, -r, "%s: %s", t->dir.path, strerror(-r)) : 0;
}

static int add_index(struct cpio_write *to, const struct tree *t, const struct strings *names,
	const char *kernel, struct err *err)
{
	static const char *const shipped[] = {"modules.dep.bin", "modules.alias.bin",
		"modules.builtin.bin", "modules.builtin.alias.bin", "modules.softdep"};
	int r = 0;

	for (size_t i = 0; i < sizeof(shipped) / sizeof(*shipped) && r == 0; i++) {
		_cleanup_(str_free) char *path = NULL, *name = NULL;
		if (!strings_have(names, shipped[i]))
			continue;
		if (asprintf(&path, "%s/%s/%s", t->dir.path, t->below, shipped[i]) < 0 ||
			asprintf(&name, OWN "/modules/%s/%s", kernel, shipped[i]) < 0)
			return err_set(err, ENOMEM, "out of memory");
		r = add_copy(to, name, 0644, path, err);
	}
	return r;
}

static int add_module(struct cpio_write *to, struct tree *t, const char *kernel, const char *file,
	struct err *err)
{
	_cleanup_(str_free) char *name = NULL, *path = NULL;
	_cleanup_(text_done) struct text content = {0};
	struct err why = {""};
	int r = module_read(&name, &content, file, &why);

	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0) { /* libkmod can decompress it, at five times the cost */
		_cleanup_(str_free) char *data = NULL;
		size_t len;
		log_print(LOG_NOTICE, "%s stays compressed: %s", file, why.text);
		r = file_read(AT_FDCWD, file, FILE_MAX, &data, &len, err);
		if (r < 0)
			return r;
		text_add(&content, data, len);
		name = strdup(last_part(file));
	}
	if (!name || content.failed || asprintf(&path, OWN "/modules/%s/%s", kernel, name) < 0)
		return err_set(err, ENOMEM, "out of memory");
	cpio_add_file(to, path, 0644, content.data, content.len);
	return tree_write(t, name, content.data, content.len, err);
}

static int fill(struct tree *t, struct cpio_write *to, const struct image *image,
	const char *directory, const char *kernel, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};
	int r = tree_copy_builtin(t, directory, err);

	for (size_t i = 0; i < image->modules.n && r == 0; i++) {
		_cleanup_(str_free) char *file = module_file(directory, image->modules.v[i]);
		if (file)
			r = add_module(to, t, kernel, file, err);
	}
	if (r < 0)
		return r;
	r = run_depmod(t, kernel, err);
	int taken = take_files(t, &names, r == 0 ? err : NULL);
	if (r == 0)
		r = taken;
	return r == 0 ? add_index(to, t, &names, kernel, err) : r;
}

int archive_add_kernel(
	struct cpio_write *to, const struct image *image, const char *directory, struct err *err)
{
	_cleanup_(tree_done) struct tree t = {.dir = {.fd = -1}};
	const char *kernel = last_part(directory);
	int r = tmpdir_make(&t.dir, err);

	if (r < 0)
		return r;
	if (asprintf(&t.below, "lib/modules/%s", kernel) < 0) {
		t.below = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	r = fill(&t, to, image, directory, kernel, err);
	return r == 0 && to->out.failed ? err_set(err, ENOMEM, "out of memory") : r;
}
