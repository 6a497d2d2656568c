/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/karg_sources.h"

#include "bootcfg/loader/conffiles.h"

#include <errno.h>
#include <stdlib.h>

void karg_source_done(struct karg_source *p)
{
	strings_done(&p->paths);
	free(p->template);
	free(p->line);
	*p = (struct karg_source){0};
}

void loaders_done(struct loaders *l)
{
	for (size_t i = 0; i < l->sources_n; i++)
		karg_source_done(&l->sources[i]);
	free(l->sources);
	free(l->menu);
	free(l->managed_why);
	file_edits_done(&l->line);
	strings_done(&l->next);
	strings_done(&l->by_hand);
	strings_done(&l->notes);
	strings_done(&l->roots);
	strings_done(&l->boots);
	*l = (struct loaders){0};
}

struct karg_source *karg_source_add(
	struct loaders *to, format_edit *edit, unsigned order, const char *path)
{
	struct karg_source *v = realloc(to->sources, (to->sources_n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	to->sources = v;
	v += to->sources_n++;
	*v = (struct karg_source){.edit = edit, .order = order};
	return path && strings_add(&v->paths, path) < 0 ? NULL : v;
}

bool karg_source_is_entry(const struct karg_source *s)
{
	return s->edit == bls_edit || s->edit == grubenv_edit || s->edit == limine_edit ||
	       s->edit == extlinux_edit || s->edit == refind_linux_edit ||
	       s->edit == refind_conf_edit;
}

bool karg_source_known(const struct loaders *to, const char *path)
{
	for (size_t i = 0; i < to->sources_n; i++)
		if (strings_have(&to->sources[i].paths, path))
			return true;
	return false;
}

int regular_files_add(const struct root *r, const char *dir, const char *suffix, struct strings *to)
{
	_cleanup_(strings_done) struct strings names = {0};
	int rc = root_list(r, dir, suffix, &names);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct text path = {0};
		text_print(&path, "%s/%s", dir, names.v[i]);
		if (path.data && !root_is_file(r, path.data))
			text_done(&path);
		else
			rc = strings_take(to, path.data);
	}
	return rc;
}

int kernel_cmdline_add(const struct root *r, struct loaders *to, const char *drop_in_dir,
	const char *suffix, bool *ret_found)
{
	static const char own[] = "etc/kernel/cmdline", vendor[] = "usr/lib/kernel/cmdline";
	_cleanup_(strings_done) struct strings drops = {0};
	bool have = root_is_file(r, own), template = !have && root_is_file(r, vendor);

	if (drop_in_dir && regular_files_add(r, drop_in_dir, suffix, &drops) < 0)
		return -ENOMEM;
	*ret_found = have || template || drops.n > 0;
	if (!*ret_found || karg_source_known(to, own) ||
		(drops.n > 0 && karg_source_known(to, drops.v[0])))
		return 0;
	struct karg_source *p = karg_source_add(to, plain_edit, 20, have || template ? own : NULL);
	if (!p)
		return -ENOMEM;
	/* A file in /etc replaces the vendor's completely, so it starts as a copy: with only the
	 * new words the next kernel would have no root=. */
	size_t len;
	if (template && root_read(r, vendor, &p->template, &len, NULL) < 0)
		return -ENOMEM;
	int rc = 0;
	for (size_t i = 0; i < drops.n && rc == 0; i++)
		rc = strings_add(&p->paths, drops.v[i]);
	p->format.home_file = have || template ? 0 : drops.n - 1;
	/* mkinitcpio before v41 reads the file or the directory: one is not made beside the
	 * other. */
	if (drop_in_dir && str_equal(drop_in_dir, "etc/kernel/cmdline.d"))
		p->format.drop_in = "etc/kernel/cmdline.d/zz-vfio-bootcfg.conf";
	else if (drops.n > 0)
		p->format.drop_in = "etc/cmdline.d/zz-vfio-bootcfg.conf";
	return rc;
}

int file_edits_read(struct file_edits *to, const struct root *r, const char *path, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	int rc = root_read(r, path, &text, &len, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	return file_edits_add(to, path, text, len) < 0 ? err_set(err, ENOMEM, "out of memory") : rc;
}

/* Loads the files of a source. A missing file starts from the template of the source, or empty. */
static int file_edits_load(const struct root *r, const struct karg_source *source,
	struct file_edits *to, struct err *err)
{
	for (size_t i = 0; i < source->paths.n; i++) {
		int rc = file_edits_read(to, r, source->paths.v[i], err);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (rc < 0 && source->template) {
			struct text template = {0};
			text_print(&template, "%s", source->template);
			if (file_edit_take(&to->v[to->n - 1], &template) < 0)
				return err_set(err, ENOMEM, "out of memory");
		}
	}
	return 0;
}

int karg_source_read(const struct root *r, const struct karg_source *source, const struct format *f,
	struct file_edits *ret, struct err *err)
{
	const struct karg_ops nothing = {0};
	int rc = file_edits_load(r, source, ret, err);

	return rc < 0 ? rc : source->edit(ret, f, &nothing, err);
}

int karg_source_edit(const struct root *r, const struct karg_source *source,
	const struct karg_ops *req, struct file_edits *ret, struct err *err)
{
	int rc = file_edits_load(r, source, ret, err);
	if (rc == 0 && conffiles_find(r, ret) < 0)
		rc = err_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = source->edit(ret, &source->format, req, err);
	for (size_t i = 0; i < ret->n && rc == 0; i++)
		if (ret->v[i].text && ret->v[i].owner == OWNER_PACKAGE)
			rc = err_set(err, EPERM,
				str_starts(ret->v[i].path, "usr/")
					? "%s: is a file of a package, which is not edited; copy it to /etc, where one of the same name takes its place, then run this again"
					: "%s: is a conffile of a package, which is not edited; take the words out there by hand",
				ret->v[i].name);
	return rc;
}
