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

/* A template without changed parameters does not create a file. */
static void untouched_drop(struct file_edits *s)
{
	if (s->added.n > 0 || s->removed.n > 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		str_free(&s->v[i].text);
}

int edit_set_make(const struct root *r, const struct loaders *l, const struct karg_ops *req,
	struct edit_set *ret, struct err *err)
{
	_cleanup_(edit_set_done) struct edit_set p = {.set = calloc(l->places + 1, sizeof(*p.set))};

	if (!p.set)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < l->places; i++) {
		struct file_edits *s = &p.set[p.n++];
		int rc = karg_source_edit(r, &l->place[i], req, s, err);
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
