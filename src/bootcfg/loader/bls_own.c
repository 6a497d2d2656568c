/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/bls_own.h"

#include "bootcfg/loader/bls_copy.h"
#include "bootcfg/loader/entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_COMMENT "# By vfio-bootcfg(8), made anew from "

bool bls_own_is_copy(const char *name, const char *text, size_t len)
{
	return str_ends(name, ".conf") && len >= strlen(COPY_COMMENT) &&
	       memcmp(text, COPY_COMMENT, strlen(COPY_COMMENT)) == 0;
}

/* ---- which entries have copies ------------------------------------------------------------------
 */

static bool has_kernel_install(const struct root *r)
{
	return root_is_file(r, "usr/bin/kernel-install") || root_is_file(r, "bin/kernel-install");
}

/* The entry stays, or what makes it has a hook. */
static int lasting_check(const struct root *r, const struct karg_source *p, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	_cleanup_(bls_entry_done) struct bls_entry b = {0};
	size_t len = 0;
	int rc = root_read(r, p->paths.v[0], &text, &len, err);

	if (rc < 0)
		return rc;
	if (bls_read(text, len, &b) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!b.linux_path)
		return err_set(err, EINVAL,
			"/%s: starts no kernel by `linux`: nothing can be beside it",
			p->paths.v[0]);
	if ((p->generated && has_kernel_install(r)) || !own_has_version(b.linux_path))
		return 0;
	return err_set(err, EINVAL,
		"/%s: nothing that is known here writes it anew with the next kernel, and %.200s goes with its version: have kernel-install make the entries, or name a kernel whose name has no version",
		p->paths.v[0], b.linux_path);
}

int bls_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	int rc = 0;

	(void)list;
	(void)s;
	for (size_t i = 0; i < l->sources_n && rc == 0; i++)
		if (karg_source_is_entry(&l->sources[i]) && l->sources[i].edit == bls_edit)
			rc = lasting_check(r, &l->sources[i], err);
	return rc;
}

/* ---- a copy ------------------------------------------------------------------------------------
 */

static int text_make(const struct karg_source *p, const struct own_entry *own, const char *text,
	size_t len, struct text *ret, struct err *err)
{
	_cleanup_(file_edits_done) struct file_edits s = {0};
	_cleanup_(text_done) struct text marked = {0};
	const struct format f = {.reader = p->format.reader};
	const char *path = p->paths.v[0], *slash = strrchr(path, '/'), *made;
	size_t made_len;

	const char *name = slash ? slash + 1 : path;
	text_print(&marked, COPY_COMMENT "%.*s.conf\n", (int)entry_stem(name), name);
	bls_copy_mark(text, len, own->tail, &marked);
	if (marked.failed || file_edits_add(&s, path, NULL, 0) < 0 ||
		file_edit_take(&s.v[0], &marked) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = bls_edit(&s, &f, &own->words, err);
	if (rc < 0)
		return rc;
	made = file_edit_text(&s.v[0], &made_len);
	text_add(ret, made, made_len);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int copy_add(const struct root *r, const struct karg_source *p, const struct own_entry *own,
	struct file_edits *s, struct err *err)
{
	_cleanup_(str_free) char *text = NULL,
				 *name = bls_copy_name(p->paths.v[0], p->format.reader, own->tail);
	_cleanup_(text_done) struct text copy = {0};
	char *old = NULL;
	size_t len = 0, old_len = 0;

	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	int rc = root_read(r, p->paths.v[0], &text, &len, err);
	if (rc == 0)
		rc = text_make(p, own, text, len, &copy, err);
	if (rc < 0)
		return rc;
	rc = root_read(r, name, &old, &old_len, err);
	if (rc == 0 && !bls_own_is_copy(name, old, old_len))
		rc = err_set(
			err, EEXIST, "/%s: is there already, and is not of this program", name);
	if (rc < 0 && rc != -ENOENT) {
		free(old);
		return rc;
	}
	return file_edits_add(s, name, old, old_len) < 0 ||
			       file_edit_take(&s->v[s->n - 1], &copy) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

int bls_own_files(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < l->sources_n && rc == 0; i++) {
		const struct karg_source *p = &l->sources[i];
		struct err ignored = {0};
		/* One that a person wrote since then is left alone. */
		if (!karg_source_is_entry(p) || p->edit != bls_edit ||
			lasting_check(r, p, &ignored) < 0)
			continue;
		for (size_t k = 0; k < list->n && rc == 0; k++)
			rc = copy_add(r, p, &list->v[k], s, err);
	}
	return rc;
}
