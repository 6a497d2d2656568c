/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/dracut.h"

#include "bootcfg/format/shell.h"
#include "bootcfg/loader/whole_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VENDOR_DIR "usr/lib/dracut/dracut.conf.d"
#define DIR "etc/dracut.conf.d"
#define OWN_FILE DIR "/zz-vfio-bootcfg.conf" /* after the others by its name */

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int path_compare(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* The drop-ins of both directories by their names; one in /etc hides the vendor's (dracut.sh,
 * dropindirs_sort). */
static int dropins_add(const struct root *r, struct strings *to)
{
	_cleanup_(strings_done) struct strings vendor = {0};
	size_t first = to->n;

	if (regular_files_add(r, DIR, ".conf", to) < 0 ||
		regular_files_add(r, VENDOR_DIR, ".conf", &vendor) < 0)
		return -ENOMEM;
	size_t own = to->n;
	for (size_t i = 0; i < vendor.n; i++) {
		bool hidden = false;
		for (size_t k = first; k < own && !hidden; k++)
			hidden = str_equal(base_name(to->v[k]), base_name(vendor.v[i]));
		if (!hidden && strings_add(to, vendor.v[i]) < 0)
			return -ENOMEM;
	}
	if (to->n > first + 1)
		qsort(to->v + first, to->n - first, sizeof(*to->v), path_compare);
	return 0;
}

static int files_find(const struct root *r, struct strings *to)
{
	static const char first[] = "etc/dracut.conf";

	return root_is_file(r, first) && strings_add(to, first) < 0 ? -ENOMEM : dropins_add(r, to);
}

/* Evaluates the files one after another, as dracut sources them. -EINVAL: one can't be read. */
static int files_run(
	const struct root *r, const struct strings *files, struct shell_vars *vars, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		_cleanup_(str_free) char *text = NULL;
		_cleanup_(shell_done) struct shell shell = {0};
		size_t len;
		rc = root_read(r, files->v[i], &text, &len, err);
		if (rc == 0)
			rc = shell_read(files->v[i], text, len, &shell, err);
		if (rc == 0)
			rc = shell_run(vars, &shell, (uint16_t)i, files->v[i], text, err);
	}
	return rc;
}

bool dracut_builds_images(const struct detect *s)
{
	_cleanup_(strings_done) struct strings files = {0};
	_cleanup_(shell_vars_done) struct shell_vars vars = {0};
	struct err ignored = {0};

	if (files_find(s->root, &files) < 0 || files_run(s->root, &files, &vars, &ignored) < 0)
		return false;
	const struct shell_var *uefi = shell_var_find(&vars, "uefi");
	if (!uefi || uefi->value.n != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (uefi->value.cell[i].c != "yes"[i])
			return false;
	return true;
}

/* The line for a first kernel_cmdline=; -EINVAL if it is not known, or sh would read it
 * otherwise. */
static int line_find(const struct detect *s, struct karg_source *p, struct err *err)
{
	if (whole_line_find(s->root, NULL, &p->line) < 0)
		return -ENOMEM;
	if (p->line && !strpbrk(p->line, "\"$`\\")) {
		p->format.fallback = p->line;
		return 0;
	}
	return err_set(err, EINVAL,
		"dracut builds these unified kernel images without a kernel_cmdline= in /etc/dracut.conf.d; a line with only the new words would leave them without root=: write the whole command line there first");
}

int dracut_sources_add(const struct detect *s, struct loaders *to, struct err *err)
{
	_cleanup_(strings_done) struct strings files = {0};
	_cleanup_(shell_vars_done) struct shell_vars vars = {0};

	if (files_find(s->root, &files) < 0)
		return -ENOMEM;
	int rc = files_run(s->root, &files, &vars, err);
	if (rc < 0)
		return rc;
	struct karg_source *p = karg_source_add(to, shell_edit, 20, NULL);
	if (!p)
		return -ENOMEM;
	p->format = (struct format){.names = {"kernel_cmdline"},
		.insert_at = "kernel_cmdline",
		.bash = true,
		.must_exist = true};
	const struct shell_var *var = shell_var_find(&vars, "kernel_cmdline");
	bool set = var && (var->set || var->unknown);
	if (!set && (rc = line_find(s, p, err)) < 0)
		return rc;
	p->format.drop_in = OWN_FILE;
	/* A first assignment is after all files. */
	if (!set && !strings_have(&files, OWN_FILE) && strings_add(&files, OWN_FILE) < 0)
		return -ENOMEM;
	p->format.home_file = files.n - 1;
	p->paths = files;
	files = (struct strings){0};
	return 0;
}
