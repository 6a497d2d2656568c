/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/edit_set.h"

#include "bootcfg/warnings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void edit_set_done(struct edit_set *p)
{
	for (size_t i = 0; i < p->n; i++)
		file_edits_done(&p->set[i]);
	free(p->set);
	strings_done(&p->notes);
	*p = (struct edit_set){0};
}

/* Loads the files of a source. A missing file starts from the template of the source, or empty. */
static int file_edits_load(const struct root *r, const struct karg_source *place,
	struct file_edits *to, struct err *err)
{
	for (size_t i = 0; i < place->paths.n; i++) {
		const char *path = place->paths.v[i];
		char *text = NULL;
		size_t len = 0;
		int rc = root_read(r, path, &text, &len, err);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (file_edits_add(to, path, text, len) < 0)
			return err_set(err, ENOMEM, "out of memory");
		if (rc < 0 && place->template) {
			struct text template = {0};
			text_print(&template, "%s", place->template);
			if (file_edit_take(&to->v[to->n - 1], &template) < 0)
				return err_set(err, ENOMEM, "out of memory");
		}
	}
	return 0;
}

static int grub_edit(const struct karg_source *place, struct file_edits *s,
	const struct karg_ops *req, struct err *err)
{
	static const char *const names[] = {
		"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", NULL};
	struct shell_format f = {.names = names,
		.insert_at = place->variable,
		.dialect = DIALECT_GRUB,
		.bash = place->bash};
	size_t all = s->n;

	if (place->dropins_unsure && all > 1) {
		/* The result has to be right whether GRUB reads the drop-ins or not: first without
		 * them. */
		s->n = 1;
		int rc = shell_format_edit(s, &f, req, err);
		s->n = all;
		if (rc < 0)
			return rc;
		strings_done(&s->before);
		strings_done(&s->after);
	}
	return shell_format_edit(s, &f, req, err);
}

static int shell_edit(const struct karg_source *place, struct file_edits *s,
	const struct karg_ops *req, struct err *err)
{
	const char *const names[] = {place->variable, NULL};
	struct shell_format f = {.names = names,
		.insert_at = place->variable,
		.home_file = place->home_file,
		.dialect = DIALECT_KERNEL,
		.bash = place->bash,
		.must_exist = place->must_exist,
		.create_append = place->append};
	return shell_format_edit(s, &f, req, err);
}

static int place_edit(const struct karg_source *place, struct file_edits *s,
	const struct karg_ops *req, struct err *err)
{
	struct bls_format bls = {.reader = place->reader, .kernelopts = place->kernelopts};
	struct plain_format plain = {
		.first_line = place->first_line, .home_file = place->home_file};

	switch (place->kind) {
	case KARG_SOURCE_GRUB:
		return grub_edit(place, s, req, err);
	case KARG_SOURCE_SHELL:
		return shell_edit(place, s, req, err);
	case KARG_SOURCE_BLS:
		return bls_edit(s, &bls, req, err);
	case KARG_SOURCE_PLAIN:
		return plain_edit(s, &plain, req, err);
	case KARG_SOURCE_GRUBENV:
		return grubenv_edit(s, req, err);
	case KARG_SOURCE_KERNELSTUB:
		return kernelstub_edit(s, req, err);
	case KARG_SOURCE_LIMINE:
		return limine_edit(s, req, err);
	case KARG_SOURCE_EXTLINUX:
		return extlinux_edit(s, req, err);
	case KARG_SOURCE_REFIND_LINUX:
		return refind_linux_edit(s, req, err);
	case KARG_SOURCE_REFIND_CONF:
		return refind_conf_edit(s, req, err);
	}
	return err_set(err, EINVAL, "an unknown kind of place");
}

/* A template without changed parameters does not create a file. */
static void untouched_drop(struct file_edits *s)
{
	if (s->added.n > 0 || s->removed.n > 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		str_free(&s->v[i].text);
}

int edit_set_find(const struct root *r, const struct karg_source *place, const struct karg_ops *req,
	struct file_edits *ret, struct err *err)
{
	int rc = file_edits_load(r, place, ret, err);
	return rc < 0 ? rc : place_edit(place, ret, req, err);
}

int edit_set_make(const struct root *r, const struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(l->places + 1, sizeof(*p.set))};

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < l->places; i++) {
		struct file_edits *s = &p.set[p.n++];
		int rc = edit_set_find(r, &l->place[i], req, s, err);
		if (rc < 0)
			return rc;
		untouched_drop(s);
		if (warnings_words(&s->before, &s->after, req, &p.notes) < 0 ||
			warnings_files(r, s, &p.notes) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	if (!edit_set_is_empty(&p) && warnings_system(r, l, &p.notes) < 0)
		return err_set(err, ENOMEM, "out of memory");
	*ret = p;
	p = (struct edit_set){0};
	return 0;
}

bool edit_set_is_empty(const struct edit_set *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (file_edits_changed(&p->set[i]))
			return false;
	return true;
}

void edit_set_print_diff(const struct edit_set *p, FILE *f)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->set[i].n; k++) {
			const struct file_edit *s = &p->set[i].v[k];
			if (s->text)
				diff_print(s->path, s->old, s->old_len, s->text, s->len, f);
		}
	}
}

void edit_set_print(const struct edit_set *p, FILE *f)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct file_edits *set = &p->set[i];
		for (size_t k = 0; k < set->n; k++) {
			if (!set->v[k].text)
				continue;
			fprintf(f, "%s  /%s ", set->v[k].old ? "changed" : "created",
				set->v[k].path);
			for (size_t w = 0; w < set->removed.n; w++)
				fprintf(f, " -%s", set->removed.v[w]);
			for (size_t w = 0; w < set->added.n; w++)
				fprintf(f, " +%s", set->added.v[w]);
			putc('\n', f);
		}
	}
}

int edit_set_commit(const struct root *r, const struct edit_set *p, const char *what,
	unsigned *ret_id, struct err *err)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < p->n; i++)
		all += p->set[i].n;
	struct journal_file *files = calloc(all + 1, sizeof(*files));
	if (!files)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->set[i].n; k++) {
			const struct file_edit *s = &p->set[i].v[k];
			if (s->text)
				files[n++] = (struct journal_file){s->path, s->old, s->old_len,
					s->text, s->len, &p->set[i].added, &p->set[i].removed};
		}
	}
	int rc = journal_commit(r, files, n, what, ret_id, err);
	free(files);
	return rc;
}
