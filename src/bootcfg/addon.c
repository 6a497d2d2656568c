/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/addon.h"

#include "bootcfg/initrd_addon.h"
#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/entry_pick.h"
#include "bootcfg/loader/uki_entries.h"
#include "bootcfg/ukify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- which images ------------------------------------------------------------------------------
 */

static bool is_asked(const struct args *a, const struct boot_entry *e)
{
	if (!e->image.path || e->image.state != BOOT_FILE_THERE || e->no_linux || !e->ours)
		return false;
	return a->entry && !str_equal(a->entry, "all")
		       ? str_equal(a->entry, e->id) ||
				 (str_equal(a->entry, "default") && e->is_default)
		       : !e->way_back;
}

/* The first image that is asked for, and whether all of them meet the request. */
struct images {
	const struct boot_entry *first;
	bool met;
};

static struct images images_find(const struct args *a, const struct boot_entries *o)
{
	struct images found = {.met = true};

	for (size_t i = 0; i < o->n; i++) {
		if (!is_asked(a, &o->v[i]))
			continue;
		if (!found.first)
			found.first = &o->v[i];
		found.met &= boot_entry_meets(&o->v[i], &a->words) == BOOT_HAS;
	}
	return found;
}

/* An addon comes behind the line of the image: it takes nothing away from it. */
static int request_check(const struct args *a, const struct boot_entries *o,
	const struct karg_op *op, struct err *err)
{
	const struct karg_ops one = {.v = (struct karg_op *)(uintptr_t)op, .n = 1};

	if (op->kind == KARG_OP_ADD || op->kind == KARG_OP_ADD_WEAK)
		return 0;
	for (size_t i = 0; i < o->n; i++)
		if (is_asked(a, &o->v[i]) && boot_entry_meets(&o->v[i], &one) != BOOT_HAS)
			return err_set(err, EINVAL,
				"--addon: an addon only adds parameters, and %s of entry %s is to be removed or replaced: edit what the image is made from instead, without --addon",
				op->text, o->v[i].id);
	return 0;
}

/* Where systemd-stub looks: loader/addons of the partition, or the directory of one image. */
static char *addon_path(const struct args *a, const struct boot_entry *e)
{
	const char *image = e->image.path;
	struct text path = {0};

	if (a->entry && !str_equal(a->entry, "all"))
		uki_addons_print(image, &path);
	else
		text_print(&path, "%.*s/loader/addons", (int)uki_partition(image), image);
	text_print(&path, "/" ADDON_NAME);
	if (path.failed)
		text_done(&path);
	return path.data;
}

/* ---- its line ----------------------------------------------------------------------------------
 */

/* The words of our addon that is there already, then those that an image lacks. */
static int line_make(const struct args *a, const struct boot_entries *o, const char *now,
	struct file_edits *s, struct text *ret)
{
	text_print(ret, "%s", now ? now : "");
	for (size_t i = 0; i < a->words.n; i++) {
		const struct karg_op *op = &a->words.v[i];
		bool lacks = false;
		/* Where Secure Boot is not known, what an unsigned addon has is not certain. */
		if (op->kind != KARG_OP_ADD || (now && kcmdline_has(now, op->text)))
			continue;
		for (size_t k = 0; k < o->n; k++)
			lacks |= is_asked(a, &o->v[k]) &&
				 boot_entry_has(&o->v[k], op->text) != BOOT_HAS;
		if (!lacks)
			continue;
		text_print(ret, "%s%s", ret->len > 0 ? " " : "", op->text);
		if (strings_add(&s->added, op->text) < 0)
			return -ENOMEM;
	}
	return ret->failed ? -ENOMEM : 0;
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

static int notes_add(const struct ukify_job *j, enum secure_boot secure, struct strings *to)
{
	int rc = strings_add(to,
		"an addon is measured into PCR 4 of the TPM, by the firmware, its parameters into 12, by systemd-stub, and 9 and 10, by the kernel: a disk key that is bound to one of them asks for the passphrase at the next boot");

	if (rc == 0 && !j->key && secure == SECURE_BOOT_UNKNOWN)
		rc = strings_add(to,
			"the addon is not signed: with Secure Boot on, systemd-stub leaves it out");
	return rc;
}

static int images_check(
	const struct root *r, const struct args *a, const struct images *found, struct err *err)
{
	_cleanup_(uki_done) struct uki u = {0};

	if (!found->first) {
		(void)err_set(err, ENOENT,
			"--addon: no boot entry%s%s of this system starts a unified kernel image",
			a->entry ? " " : "", a->entry ? a->entry : "");
		return a->entry ? LOADERS_NO_ENTRY : -ENOENT;
	}
	if (uki_read(r, found->first->image.path, &u) < 0 || !u.is_image)
		return err_set(err, ENOENT, "/%s: is not a unified kernel image that can be read",
			found->first->image.path);
	if (u.stub > 0 && u.stub < STUB_ADDONS)
		return err_set(err, EINVAL,
			"/%s: its systemd-stub is version %u, and addons are read from %d on",
			found->first->image.path, u.stub, STUB_ADDONS);
	return 0;
}

static int plan_for(const struct args *a, const struct root *r, const struct boot_entries *o,
	const struct images *found, struct loaders *l, struct edit_set *ret, struct err *err)
{
	_cleanup_(str_free) char *path = addon_path(a, found->first);
	_cleanup_(text_done) struct text line = {0};
	_cleanup_(uki_done) struct uki now = {0};
	struct ukify_job j = {.ukify = ukify_find()};
	enum secure_boot secure = secure_boot_read(r);

	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	(void)!uki_read(r, path, &now);
	ret->set = calloc(1, sizeof(*ret->set));
	if (!ret->set || line_make(a, o, now.cmdline, ret->set, &line) < 0)
		return err_set(err, ENOMEM, "out of memory");
	ret->n = 1;
	if (ret->set->added.n == 0)
		return 0;
	j.line = line.data ? line.data : "";
	ukify_key_find(a, r, &j);
	if (j.ukify && strchr(j.line, '\''))
		return err_set(err, EINVAL, "--addon: no word with a single quote");
	const char *why = ukify_lacks(&j, secure);
	if (why)
		return ukify_leave(l, &j, path, why, err);
	if (notes_add(&j, secure, &ret->notes) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return ukify_file_make(r, path, &j, ret->set, err);
}

static bool is_addon(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return str_equal(name, ADDON_NAME) || str_equal(name, INITRD_ADDON_NAME);
}

bool addon_made(const struct journal_entry *e)
{
	bool all = e->paths.n > 0;

	for (size_t i = 0; i < e->paths.n; i++)
		all &= is_addon(e->paths.v[i]);
	return all;
}

bool addon_undone(const struct undone *u)
{
	bool all = u->n > 0;

	for (size_t i = 0; i < u->n; i++)
		all &= is_addon(u->v[i].path);
	return all;
}

int addon_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	int rc = boot_entries_read(r, NULL, &o);

	if (rc < 0)
		return err_set(err, ENOMEM, "out of memory");
	const struct images found = images_find(a, &o);
	rc = images_check(r, a, &found, err);
	for (size_t i = 0; i < a->words.n && rc == 0; i++)
		rc = request_check(a, &o, &a->words.v[i], err);
	return rc < 0 || found.met ? rc : plan_for(a, r, &o, &found, l, ret, err);
}
