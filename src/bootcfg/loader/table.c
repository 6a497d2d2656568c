/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/table.h"

#include "bootcfg/loader/advice.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/managed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOADER_ROW(NAME) &loader_##NAME,
const struct loader *const loader_table[] = {LOADER_TABLE(LOADER_ROW) NULL};

#define LOADER_INDEX(NAME) ROW_##NAME,
enum { LOADER_TABLE(LOADER_INDEX) ROWS };
_Static_assert(ROWS <= LOADERS_MAX, "struct loaders has a place for each");

void loader_found(struct loaders *to, const struct loader *l)
{
	to->found[to->found_n++] = l;
}

/* True if --boot-loader may call it so. */
static bool loader_is_called(const struct loader *l, const char *name)
{
	for (const char *const *n = l->called; *n; n++)
		if (str_equal(*n, name))
			return true;
	return false;
}

static void search_done(struct loader_search *q)
{
	entries_done(&q->entries);
	str_free(&q->hint);
}

/* Of the first `doubtful` of them nothing but their files is there. */
static int ambiguous(const struct loader_search *q, size_t doubtful, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < q->to->found_n; i++)
		text_print(&list, "%s%s%s", i > 0 ? ", " : "", q->to->found[i]->name,
			i < doubtful ? " (its configuration, and no entry of its making)" : "");
	(void)err_set(err, EINVAL,
		"more than one boot loader was found and nothing tells which one boots this system: %s; say it with --boot-loader NAME",
		list.data ? list.data : "");
	return LOADERS_AMBIGUOUS;
}

static int esps_ambiguous(const struct detect *s, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < s->esps.devices.n; i++)
		text_print(&list, "%s%s", i > 0 ? ", " : "", s->esps.devices.v[i]);
	(void)err_set(err, EINVAL,
		"no boot loader was found, and several boot partitions are not mounted: %s; mount the one that boots this system, then run this again",
		list.data ? list.data : "");
	return LOADERS_AMBIGUOUS;
}

static int nothing_found(const struct loader_search *q, struct err *err)
{
	const struct detect *s = q->s;

	if (q->o->loader)
		return err_set(err, ENOENT, "%s: no such boot loader was found here", q->o->loader);
	if (s->unmounted.n > 0)
		return err_set(err, ENOENT,
			"no boot loader was found; /%s is in /etc/fstab and not mounted: run `mount /%s`, then this again",
			s->unmounted.v[0], s->unmounted.v[0]);
	if (s->esps.devices.n > 1 && q->entries.seen == 0)
		return esps_ambiguous(s, err);
	if (s->esps.devices.n > 0 && q->entries.seen == 0)
		return err_set(err, ENOENT,
			"no boot loader was found; the boot partition %s is not mounted: run `mount %s %s`, then this again",
			s->esps.devices.v[0], s->esps.devices.v[0],
			root_is_dir(s->root, "efi") ? "/efi" : "/boot");
	if (q->entries.seen > 0)
		return err_set(err, ENOENT, "no boot entry is this system's to edit%s%.300s",
			q->entries.notes.n > 0 ? ": " : "",
			q->entries.notes.n > 0 ? q->entries.notes.v[0] : "");
	return err_set(err, ENOENT, "%s",
		q->hint ? q->hint : "no boot loader that this program knows was found");
}

static int notes_move(struct strings *from, struct strings *to)
{
	for (size_t i = 0; i < from->n; i++)
		if (strings_add(to, from->v[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* The notes of the entries come last, but for the one that no loader reads them. */
static int notes_add(struct loader_search *q)
{
	struct strings all = {0};
	int rc = 0;

	if (q->entries.n > 0 && !q->entries.read)
		rc = strings_add(
			&all, "loader entries were found, and nothing that reads them: left alone");
	if (rc == 0)
		rc = notes_move(&q->to->notes, &all);
	if (rc == 0)
		rc = notes_move(&q->entries.notes, &all);
	strings_done(&q->to->notes);
	q->to->notes = all;
	return rc;
}

/* Asks each row of a loader that is no owner. */
static int rows_detect(struct loader_search *q, struct err *err)
{
	for (const struct loader *const *l = loader_table; *l; l++) {
		if ((*l)->owner || (q->o->loader && !loader_is_called(*l, q->o->loader)))
			continue;
		int rc = (*l)->detect(q, err);
		q->asked = *l;
		if (rc == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Searches for the entries, and for the loaders that are no owners. */
static int others_detect(struct loader_search *q, struct err *err)
{
	int rc = entries_find(q->s, q->o->entry, &q->entries, err);
	if (rc == -EMLINK)
		return LOADERS_AMBIGUOUS;
	return rc < 0 ? rc : rows_detect(q, err);
}

/* ---- tools that make the entries of others -----------------------------------------------------
 */

/* Owners of which nothing but their files is there, and perhaps left over. */
struct doubtful {
	const struct loader *v[LOADERS_MAX];
	size_t n;
};

/* True if the files of an owner are there, whether it can be edited or not. */
static bool owner_is_there(const struct loader_search *q, const struct loader *l)
{
	_cleanup_(loaders_done) struct loaders trial = {0};
	struct loader_search look = {.s = q->s, .o = q->o, .to = &trial};
	struct err ignored = {0};

	return l->detect(&look, &ignored) < 0 || trial.found_n > 0;
}

/* Asks the owners in their order: the first that has made entries rules. */
static int owners_detect(struct loader_search *q, struct doubtful *ret, struct err *err)
{
	for (const struct loader *const *l = loader_table; *l; l++) {
		if (!(*l)->owner || (q->o->loader && !loader_is_called(*l, q->o->loader)))
			continue;
		if (!q->o->loader && (*l)->made && !(*l)->made(q->s)) {
			if (owner_is_there(q, *l))
				ret->v[ret->n++] = *l;
			continue;
		}
		int rc = (*l)->detect(q, err);
		q->asked = *l;
		if (rc == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
		if (rc < 0 || q->to->found_n > 0)
			return rc;
	}
	return 0;
}

/* An owner in doubt rules if no other loader is complete; else nothing tells which one it is. */
static int doubtful_decide(struct loader_search *q, const struct doubtful *d, struct err *err)
{
	_cleanup_(loaders_done) struct loaders others = {0};
	struct loader_search look = {.s = q->s, .o = q->o, .to = &others};

	int rc = others_detect(&look, err);
	search_done(&look);
	if (rc < 0)
		return rc;
	size_t complete = others.remains ? 0 : others.found_n;
	if (d->n + complete > 1) {
		for (size_t i = 0; i < d->n; i++)
			loader_found(q->to, d->v[i]);
		for (size_t i = 0; i < complete; i++)
			loader_found(q->to, others.found[i]);
		return ambiguous(q, d->n, err);
	}
	if (q->s->unmounted.n > 0)
		return nothing_found(q, err);
	rc = d->v[0]->detect(q, err);
	return rc == -ENOMEM ? err_set(err, ENOMEM, "out of memory") : rc;
}

/* ---- the search --------------------------------------------------------------------------------
 */

/* A row of managed.c is in the place of what was found so far. */
static int managed_found(
	struct loader_search *q, const struct managed *m, const char *mark, struct err *err)
{
	loaders_done(q->to);
	return advice_make(m, q->s, mark, q->o->request, q->to, err);
}

/*
 * Looks for a way to boot that is known and not edited: one that is proven beside the loaders that
 * were found is one too many, one of which only a file is there counts where no loader is found.
 */
static int managed_look(struct loader_search *q, struct err *err)
{
	bool complete = q->to->sources_n > 0 && !q->to->remains;
	_cleanup_(str_free) char *mark = NULL;

	if (q->o->loader && complete)
		return 0;
	const struct managed *m = managed_find(
		q->s, MANAGED_BOOTS, complete ? MANAGED_BOOTS : MANAGED_FILE, q->o->loader, &mark);
	if (!m)
		return 0;
	if (!complete)
		return managed_found(q, m, mark, err);
	(void)err_set(err, EINVAL,
		"more than one boot loader was found and nothing tells which one boots this system: %s, %s (/%s); say it with --boot-loader NAME",
		q->to->found[0]->name, m->name, mark);
	return LOADERS_AMBIGUOUS;
}

/* Looks for the owner of a whole system. */
static int system_look(struct loader_search *q, struct err *err)
{
	_cleanup_(str_free) char *mark = NULL;
	const struct managed *m = managed_find(q->s, MANAGED_SYSTEM, MANAGED_SYSTEM, NULL, &mark);

	return m ? managed_found(q, m, mark, err) : 0;
}

/* A loader reads the entries of both partitions, ESP and XBOOTLDR: one that is not mounted may have
 * some. */
static int unmounted_note(struct loader_search *q)
{
	struct text note = {0};

	if (q->s->unmounted.n == 0 || q->entries.seen == 0)
		return 0;
	text_print(&note,
		"/%s is in /etc/fstab and not mounted: boot entries on it are not looked at; run `mount /%s` first if there are any",
		q->s->unmounted.v[0], q->s->unmounted.v[0]);
	return strings_take(&q->to->notes, note.data);
}

/* How many of those found are not only the makers of another one's images. */
static size_t loaders_apart(const struct loaders *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->found_n; i++) {
		bool part = false;
		for (size_t k = 0; k < l->found_n; k++)
			part |= k != i && l->found[k]->starts_images &&
				booted_is_read_by(l->found[i], l->found[k]);
		n += !part;
	}
	return n;
}

static int search_run(struct loader_search *q, struct err *err)
{
	struct doubtful doubtful = {0};

	int rc = owners_detect(q, &doubtful, err);
	if (rc < 0 || q->to->found_n > 0)
		return rc;
	if (doubtful.n > 0)
		return doubtful_decide(q, &doubtful, err);
	rc = others_detect(q, err);
	if (rc == 0)
		rc = managed_look(q, err);
	if (rc < 0 || q->to->managed_by)
		return rc;
	if (notes_add(q) < 0)
		return err_set(err, ENOMEM, "out of memory");
	bool elsewhere = q->to->remains && !q->o->loader &&
			 (q->s->unmounted.n > 0 || q->s->esps.devices.n > 0);
	if (q->to->sources_n == 0 || elsewhere)
		return nothing_found(q, err);
	if (unmounted_note(q) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (q->s->esps.booted) {
		_cleanup_(text_done) struct text note = {0};
		text_print(&note,
			"the boot loader came from %s, which is not mounted: what is on it is not looked at",
			q->s->esps.devices.v[0]);
		if (note.failed || strings_add(&q->to->notes, note.data) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	return loaders_apart(q->to) > 1 && !q->o->loader ? ambiguous(q, 0, err) : 0;
}

/* If the running system reports which loader booted it, that one is used. */
static int booted_by(const struct root *r, const struct loaders_options *o, struct detect *s,
	struct loaders *to, struct err *err)
{
	_cleanup_(booted_done) struct booted now = {0};
	struct loaders_options by = *o;
	struct loader_search q = {.s = s, .o = &by, .to = to};

	if (booted_read(r, &now) < 0 || !now.loader)
		return LOADERS_AMBIGUOUS;
	loaders_done(to);
	by.loader = now.loader->name;
	struct err ignored = {0};
	int rc = search_run(&q, &ignored);
	search_done(&q);
	if (rc < 0)
		return LOADERS_AMBIGUOUS;
	_cleanup_(text_done) struct text note = {0};
	text_print(&note, "of the boot loaders found it is %s that booted this system",
		now.loader->name);
	err->text[0] = '\0'; /* of what was not decided until now */
	return note.failed || strings_add(&to->notes, note.data) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int source_compare(const void *a, const void *b)
{
	const struct karg_source *x = a, *y = b;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* --drop-in: each source has to have a file of our own that its reader reads. */
static int drop_ins_ask(struct loaders *l, struct err *err)
{
	for (size_t i = 0; i < l->sources_n; i++) {
		struct karg_source *p = &l->sources[i];
		if (!p->format.drop_in)
			return err_set(err, EINVAL,
				"/%s: nothing reads a drop-in beside it, so --drop-in has no place for the words; without it they go into this file",
				p->paths.v[0]);
		p->format.to_drop_in = true;
	}
	return 0;
}

int loaders_find(
	const struct root *r, const struct loaders_options *o, struct loaders *ret, struct err *err)
{
	_cleanup_(detect_done) struct detect s = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	struct loader_search q = {.s = &s, .o = o, .to = &l};

	int rc = detect_make(r, &s, err);
	if (rc == 0)
		rc = system_look(&q, err);
	if (rc == 0 && !l.managed_by)
		rc = search_run(&q, err);
	search_done(&q);
	if (rc == LOADERS_OWNED)
		rc = advice_refuse(q.asked->name, r, o->request, &l, err);
	if (rc == LOADERS_AMBIGUOUS && !o->loader && r->host)
		rc = booted_by(r, o, &s, &l, err);
	if (rc == 0 && o->drop_in)
		rc = drop_ins_ask(&l, err);
	if (rc < 0)
		return rc;
	l.boots = s.boots;
	s.boots = (struct strings){0};
	l.roots = s.roots;
	s.roots = (struct strings){0};
	if (l.sources_n > 1)
		qsort(l.sources, l.sources_n, sizeof(*l.sources), source_compare);
	*ret = l;
	l = (struct loaders){0};
	return 0;
}
