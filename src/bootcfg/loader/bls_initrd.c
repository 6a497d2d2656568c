/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/bls_initrd.h"

#include "bootcfg/loader/bls_copy.h"
#include "bootcfg/loader/bls_follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct boot_entry *entry_of(const struct boot_entries *o, const char *path)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_equal(o->v[i].path, path))
			return &o->v[i];
	return NULL;
}

/*
 * What the entry has to call the file: as it calls its kernel, from the root of that partition or,
 * where /boot is none, from that of the file system. The entry's `linux` is the end of the kernel's
 * path, and what is before it is the same for both.
 */
static int name_make(const struct boot_entry *e, const char *text, size_t len, const char *file,
	struct text *ret, struct err *err)
{
	_cleanup_(bls_entry_done) struct bls_entry b = {0};

	if (bls_read(text, len, &b) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!b.linux_path || e->kernel.state != BOOT_FILE_THERE)
		return err_set(err, EINVAL, "/%s: the kernel that it starts is not there", e->path);
	const char *spelled = b.linux_path + (b.linux_path[0] == '/');
	size_t base = strlen(e->kernel.path) - strlen(spelled);
	if (!str_ends(e->kernel.path, spelled) || strncmp(file, e->kernel.path, base) != 0)
		return err_set(err, EINVAL,
			"/%s: is on another partition than /%s, and this entry can't load it from there; write the archive below /%.*s",
			file, e->kernel.path, (int)base, e->kernel.path);
	text_print(ret, "/%s", file + base);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static bool is_entry(const struct karg_source *p)
{
	return p->edit == bls_edit && p->paths.n == 1;
}

/* ---- in each -----------------------------------------------------------------------------------
 */

static int entry_add(const struct root *r, const struct karg_source *p,
	const struct initrd_job *job, struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text name = {0};
	const struct boot_entry *e = entry_of(job->entries, p->paths.v[0]);
	char *text = NULL;
	size_t len = 0;

	if (!e || e->no_linux)
		return 0;
	int rc = root_read(r, e->path, &text, &len, err);
	if (rc == 0)
		rc = name_make(e, text, len, job->file, &name, err);
	if (rc < 0) {
		free(text);
		return rc;
	}
	if (file_edits_add(s, e->path, text, len) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return bls_initrd_add(&s->v[s->n - 1], p->format.reader, name.data, err);
}

/* ---- an entry of its own -----------------------------------------------------------------------
 */

/* The default, or the one that was picked, or the only one. */
static const struct karg_source *model_find(const struct loaders *l, const struct initrd_job *job)
{
	const struct karg_source *only = NULL, *chosen = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->sources_n; i++) {
		const struct karg_source *p = &l->sources[i];
		const struct boot_entry *e = is_entry(p) ? entry_of(job->entries, p->paths.v[0])
							 : NULL;
		if (!e)
			continue;
		n++;
		only = p;
		if (e->is_default)
			chosen = p;
	}
	return n == 1 ? only : chosen;
}

static int copy_add(const struct root *r, const struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text name = {0};
	_cleanup_(str_free) char *text = NULL;
	const struct karg_source *model = model_find(l, job);
	size_t len;

	if (!model)
		return err_set(err, EINVAL,
			"nothing tells which entry boots by default; --entry ID says which to copy");
	const struct boot_entry *e = entry_of(job->entries, model->paths.v[0]);
	if (boot_entry_loads(e, job->file) && boot_entry_meets(e, job->words) == BOOT_HAS)
		return 0;
	const struct bls_copy c = {.reader = model->format.reader,
		.tail = INITRD_TAIL,
		.mark = INITRD_TAIL,
		.head = bls_follow_is_for(e) ? BLS_FOLLOW_MARK "\n" : NULL};
	int rc = root_read(r, e->path, &text, &len, err);
	if (rc == 0)
		rc = name_make(e, text, len, job->file, &name, err);
	if (rc == 0)
		rc = bls_copy_make(r, e->path, &c, s, err);
	if (rc == 0)
		rc = bls_edit(s, &model->format, job->words, err);
	if (rc == 0)
		rc = bls_initrd_add(&s->v[0], model->format.reader, name.data, err);
	return rc == 0 && bls_follow_is_for(e) ? bls_follow_add(r, job, name.data, c.reader, s, err)
					       : rc;
}

int bls_initrd(const struct root *r, struct loaders *l, const struct initrd_job *job,
	struct file_edits *s, struct err *err)
{
	int rc = 0;

	if (job->words->n > 0)
		return copy_add(r, l, job, s, err);
	for (size_t i = 0; i < l->sources_n && rc == 0; i++)
		if (is_entry(&l->sources[i]))
			rc = entry_add(r, &l->sources[i], job, s, err);
	return rc;
}
