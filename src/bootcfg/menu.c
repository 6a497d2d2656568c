/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/menu.h"

#include "bootcfg/loader/loader.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/presets.h"
#include "shared/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the plan ----------------------------------------------------------------------------------
 */

static int list_add(const struct args *a, struct own_entries *list, struct err *err)
{
	int rc = 0;

	if (a->loader) {
		str_free(&list->loader);
		list->loader = strdup(a->loader);
		rc = list->loader ? 0 : err_set(err, ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < a->menu.n && rc == 0; i++) {
		_cleanup_(text_done) struct text tail = {0}, word = {0};
		text_print(&tail, OWN_PROFILE_TAIL "%s", a->menu.v[i]);
		text_print(&word, OWN_PROFILE_WORD "%s", a->menu.v[i]);
		rc = tail.failed || word.failed ? err_set(err, ENOMEM, "out of memory")
						: own_entries_add(list, tail.data, word.data, err);
	}
	return rc;
}

static int list_edit(
	const struct root *r, const struct own_entries *list, struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text text = {0};
	int rc = file_edits_read(s, r, OWN_ENTRIES_LIST, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	own_entries_print(list, &text);
	return file_edit_take(&s->v[0], &text) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int managed_refuse(const struct loaders *l, struct err *err)
{
	(void)err_set(err, EPERM,
		"--menu: the boot entries are made by %s: %.300s; an entry by hand has the words of the default, and " OWN_PROFILE_WORD
		"NAME",
		l->managed_by, l->managed_why ? l->managed_why : "");
	return LOADERS_OWNED;
}

static int loaders_ask(const struct root *r, const struct loaders *l,
	const struct own_entries *list, struct file_edits *s, struct err *err)
{
	bool any = false;
	int rc = 0;

	if (l->managed_by)
		return managed_refuse(l, err);
	for (size_t i = 0; i < l->found_n && rc == 0; i++)
		if (l->found[i]->own) {
			any = true;
			rc = l->found[i]->own(r, l, list, s, err);
		}
	if (rc < 0 || any)
		return rc;
	return err_set(err, EINVAL,
		"--menu: no way is known to have further entries of %s follow its kernels; an entry by hand has the words of the default, and " OWN_PROFILE_WORD
		"NAME",
		l->found_n > 0 ? l->found[0]->name : "this system");
}

int menu_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err)
{
	_cleanup_(own_entries_done) struct own_entries list = {0};
	const struct karg_ops nothing = {0};
	const struct loaders_options lo = {.loader = a->loader, .request = &nothing};
	int rc = presets_profiles(r, &a->menu, err);

	if (rc == 0)
		rc = own_entries_read(r, &list, err);
	if (rc == 0)
		rc = list_add(a, &list, err);
	if (rc == 0)
		rc = loaders_find(r, &lo, l, err);
	if (rc < 0)
		return rc;
	ret->set = calloc(2, sizeof(*ret->set));
	if (!ret->set)
		return err_set(err, ENOMEM, "out of memory");
	ret->n = 2;
	rc = list_edit(r, &list, &ret->set[0], err);
	return rc < 0 ? rc : loaders_ask(r, l, &list, &ret->set[1], err);
}

/* ---- what came of it ---------------------------------------------------------------------------
 */

static bool has_word(const struct boot_entry *e, const char *profile)
{
	_cleanup_(text_done) struct text word = {0};

	text_print(&word, OWN_PROFILE_WORD "%s", profile);
	return word.data && !e->no_linux && strings_have(&e->words, word.data);
}

static bool path_same(const struct boot_file *a, const struct boot_file *b)
{
	return a->path && b->path && str_equal(a->path, b->path);
}

/* True if there is an entry of this profile, one that starts what `beside` does if that is not
 * NULL. */
static bool has_entry(
	const struct boot_entries *o, const char *profile, const struct boot_entry *beside)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct boot_entry *e = &o->v[i];
		if (has_word(e, profile) && (!beside || path_same(&e->kernel, &beside->kernel) ||
						    path_same(&e->image, &beside->image)))
			return true;
	}
	return false;
}

/* Its kernel is known: rEFInd finds those of refind_linux.conf by itself. */
static const struct boot_entry *default_find(const struct boot_entries *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].is_default && !o->v[i].no_linux && !o->v[i].unknown &&
			(o->v[i].kernel.path || o->v[i].image.path))
			return &o->v[i];
	return NULL;
}

int menu_verify(const struct args *a, const struct boot_entries *after, struct err *err)
{
	const struct boot_entry *first = default_find(after);

	for (size_t i = 0; i < a->menu.n; i++) {
		if (!has_entry(after, a->menu.v[i], NULL))
			return err_set(
				err, EIO, "no boot entry has " OWN_PROFILE_WORD "%s", a->menu.v[i]);
		if (first && !has_entry(after, a->menu.v[i], first))
			return err_set(err, EIO,
				"/%s: no entry with " OWN_PROFILE_WORD
				"%s starts the kernel of the default",
				first->path, a->menu.v[i]);
	}
	return 0;
}

bool menu_lacks(const struct args *a, const struct boot_entries *o)
{
	struct err ignored = {0};

	return menu_verify(a, o, &ignored) < 0;
}

void menu_print(const struct args *a, const struct boot_entries *o, FILE *f)
{
	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < a->menu.n; k++)
			if (has_word(&o->v[i], a->menu.v[k]))
				term_row(f, "in the menu", "%s", o->v[i].title);
}
