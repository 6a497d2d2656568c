/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/entry_pick.h"

#include "bootcfg/loader/boot_entries.h"

#include <errno.h>
#include <string.h>

bool entry_is_picked(const struct boot_entry *e, const char *pick)
{
	if (str_equal(pick, "all"))
		return e->ours;
	if (str_equal(pick, "default"))
		return e->is_default;
	return str_equal(e->id, pick) || str_equal(e->title, pick) || entry_matches(e->id, pick);
}

/* A file of the Boot Loader Specification: the whole file is one entry. */
static bool is_file(const struct boot_entry *e)
{
	return e->line == 0 && strstr(e->path, "/entries/");
}

static int none_picked(const struct boot_entries *o, const char *pick, struct err *err)
{
	_cleanup_(text_done) struct text list = {0};

	for (size_t i = 0; i < o->n && list.len < 300; i++)
		text_print(&list, "%s%s", i > 0 ? ", " : "", o->v[i].id);
	if (str_equal(pick, "default"))
		(void)err_set(err, EINVAL,
			"nothing tells which entry boots by default; --entry ID names one: %.300s",
			list.data ? list.data : "");
	else
		(void)err_set(err, EINVAL, "%s: no such boot entry; there are: %.300s", pick,
			list.data ? list.data : "none");
	return LOADERS_NO_ENTRY;
}

/* The picked entry that is in this file; NULL: none. *ret_n: how many. */
static const struct boot_entry *picked_in(
	const struct boot_entries *o, const char *pick, const char *path, size_t *ret_n)
{
	const struct boot_entry *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < o->n; i++) {
		if (!entry_is_picked(&o->v[i], pick) || !str_equal(o->v[i].path, path))
			continue;
		found = &o->v[i];
		(*ret_n)++;
	}
	return found;
}

static int source_left(struct loaders *l, const struct karg_source *p)
{
	_cleanup_(text_done) struct text note = {0};

	text_print(&note,
		"/%s: stays as it is, with --entry: entries that are made from it later do not have this change",
		p->paths.n > 0 ? p->paths.v[0] : "");
	return note.failed ? -ENOMEM : strings_add(&l->notes, note.data);
}

/* Leaves only the sources that are the entry itself. */
static int sources_filter(
	struct loaders *l, const struct boot_entries *o, const char *pick, struct err *err)
{
	size_t n = 0, same;

	for (size_t i = 0; i < l->sources_n; i++) {
		struct karg_source *p = &l->sources[i];
		const struct boot_entry *e = p->paths.n == 1
						     ? picked_in(o, pick, p->paths.v[0], &same)
						     : NULL;
		if (e && same > 1 && !is_file(e)) {
			(void)err_set(
				err, EINVAL, "/%s: several entries are called %s", e->path, pick);
			return LOADERS_NO_ENTRY;
		}
		if (!e && !(p->paths.n == 1 && strstr(p->paths.v[0], "/entries/")) &&
			source_left(l, p) < 0)
			return err_set(err, ENOMEM, "out of memory");
		if (!e) {
			karg_source_done(p);
			continue;
		}
		p->format.entry_line = e->line;
		l->sources[n++] = *p;
	}
	l->sources_n = n;
	strings_done(&l->next);
	strings_done(&l->by_hand);
	l->image = false;
	return 0;
}

/* Where the words of an entry are that a person wrote beside those that a tool makes; NULL: some
 * are from a source that is edited, or there are none. */
static const char *place_by_hand(const struct loaders *l, const struct boot_entry *e)
{
	const char *place = NULL;

	for (size_t i = 0; i < e->sources.n; i++) {
		const char *source = e->sources.v[i], *colon = strrchr(source, ':');
		_cleanup_(str_free) char *path = source[0] == '/' && colon
							 ? strndup(source + 1,
								   (size_t)(colon - source - 1))
							 : NULL;
		if (!path)
			continue;
		if (karg_source_known(l, path))
			return NULL;
		place = place ? place : source;
	}
	return place;
}

static int entry_only(const struct root *r, const struct loaders_options *o,
	const struct boot_entries *all, struct loaders *l, struct err *err)
{
	const struct boot_entry *e = NULL;
	struct loaders_options again = *o;

	for (size_t i = 0; i < all->n && !e; i++)
		e = entry_is_picked(&all->v[i], o->entry) ? &all->v[i] : NULL;
	if (!e)
		return none_picked(all, o->entry, err);
	if (is_file(e)) {
		again.entry = str_equal(o->entry, "default") || str_equal(o->entry, e->title)
				      ? e->id
				      : o->entry;
		loaders_done(l);
		int rc = loaders_find(r, &again, l, err);
		if (rc < 0)
			return rc;
	}
	_cleanup_(str_free) char *source = l->sources_n > 0 ? strdup(l->sources[0].paths.v[0])
							    : NULL;
	const char *place = place_by_hand(l, e);
	int rc = sources_filter(l, all, o->entry, err);
	if (rc < 0 || l->sources_n > 0)
		return rc;
	if (place) {
		(void)err_set(err, EINVAL,
			"%s: a person wrote this entry, and its words are not edited here: change them at %s",
			e->id, place);
		return LOADERS_NO_ENTRY;
	}
	(void)err_set(err, EINVAL,
		"%s: this entry has no words of its own; they come from /%s, which is for all entries: change it without --entry",
		e->id, source ? source : e->path);
	return LOADERS_NO_ENTRY;
}

int loaders_find_entry(
	const struct root *r, const struct loaders_options *o, struct loaders *ret, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries all = {0};
	_cleanup_(loaders_done) struct loaders l = {0};
	struct loaders_options first = *o;

	if (!o->entry || str_equal(o->entry, "all"))
		return loaders_find(r, o, ret, err);
	first.entry = NULL;
	int rc = loaders_find(r, &first, &l, err);
	if (rc == 0 && !l.managed_by) {
		rc = boot_entries_read(r, &l, &all);
		rc = rc < 0 ? err_set(err, ENOMEM, "out of memory")
			    : entry_only(r, o, &all, &l, err);
	}
	if (rc < 0)
		return rc;
	*ret = l;
	l = (struct loaders){0};
	return 0;
}

int ways_back_check(const struct root *r, const struct loaders *l, struct strings *notes)
{
	_cleanup_(boot_entries_done) struct boot_entries all = {0};
	int rc = boot_entries_read(r, l, &all);

	for (size_t i = 0; i < all.n && rc == 0; i++) {
		const struct boot_entry *e = &all.v[i];
		const char *missing = e->way_back && e->ours ? boot_entry_missing(e) : NULL;
		_cleanup_(text_done) struct text note = {0};
		if (!missing)
			continue;
		text_print(&note, "%s: this way back cannot boot: %s is missing", e->id, missing);
		rc = note.failed ? -ENOMEM : strings_add(notes, note.data);
	}
	return rc;
}
