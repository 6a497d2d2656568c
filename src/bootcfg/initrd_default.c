/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/initrd_default.h"

#include "bootcfg/initrd.h"
#include "bootcfg/loader/entry_pick.h"
#include "shared/term.h"

#include <errno.h>

static bool is_own(const struct args *a, const struct boot_entry *e)
{
	return e->ours && !e->no_linux && !e->unknown &&
	       (!a->entry || entry_is_picked(e, a->entry)) &&
	       boot_entry_meets(e, &a->words) == BOOT_HAS && initrd_loads(a, e);
}

/* Of several (GRUB has one for each kernel, the newest first) the default, else the first. */
static const struct boot_entry *own_find(const struct args *a, const struct boot_entries *o)
{
	const struct boot_entry *first = NULL;

	for (size_t i = 0; i < o->n; i++) {
		const struct boot_entry *e = &o->v[i];
		if (!is_own(a, e))
			continue;
		if (e->is_default)
			return e;
		first = first ? first : e;
	}
	return first;
}

int initrd_default_plan(const struct args *a, const struct root *r, const struct boot_entries *o,
	struct loaders *l, struct file_edits *s, struct err *err)
{
	const struct karg_ops nothing = {0};
	const struct loaders_options lo = {.loader = a->loader, .request = &nothing};
	const struct boot_entry *own = own_find(a, o);

	if (!own)
		return err_set(err, ENOENT,
			"--default: no boot entry has %s and loads /%s: the same command without --default makes one",
			a->words.v[0].text, initrd_path(a));
	int rc = loaders_find(r, &lo, l, err);
	if (rc < 0 || own->is_default)
		return rc;
	if (l->managed_by) {
		(void)err_set(err, EPERM, "--default: the boot entries are made by %s: %.300s",
			l->managed_by, l->managed_why ? l->managed_why : "");
		return LOADERS_OWNED;
	}
	if (!own->reader->prefer)
		return err_set(err, EINVAL,
			"--default: no way is known to tell %s what it boots by default: choose \"%.100s\" there by hand",
			own->reader->name, own->id);
	return own->reader->prefer(r, l, own, s, err);
}

int initrd_default_verify(const struct args *a, const struct boot_entries *after, struct err *err)
{
	_cleanup_(text_done) struct text title = {0};
	const struct boot_entry *is = NULL;

	for (size_t i = 0; i < after->n && !is; i++)
		if (after->v[i].is_default)
			is = &after->v[i];
	if (!is)
		return err_set(err, EIO, "which entry boots by default is not known afterwards");
	if (is_own(a, is))
		return 0;
	term_escape(&title, is->title);
	return err_set(err, EIO, "\"%.100s\" would still boot by default, which %s",
		title.data ? title.data : "",
		initrd_loads(a, is) ? "has not all the words" : "does not load the archive");
}
