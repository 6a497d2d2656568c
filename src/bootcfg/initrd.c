/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/initrd.h"

#include "base/file.h"
#include "bootcfg/initrd_addon.h"
#include "bootcfg/initrd_default.h"
#include "bootcfg/loader/entry_pick.h"
#include "shared/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/"

const char *initrd_path(const struct args *a)
{
	return a->initrd + strspn(a->initrd, "/");
}

/* ---- what is asked for -------------------------------------------------------------------------
 */

static int words_check(const struct args *a, struct err *err)
{
	for (size_t i = 0; i < a->words.n; i++) {
		const struct karg_op *op = &a->words.v[i];
		if (op->kind != KARG_OP_ADD)
			return err_set(err, EINVAL,
				"--initrd: its entry is a copy that only gets words, by --add, and no %s",
				op->text);
		if (op->text[strspn(op->text, LETTERS "=,:@%")])
			return err_set(err, EINVAL,
				"%s: a word of --initrd has letters, digits and ._+-/=,:@%% alone",
				op->text);
	}
	return 0;
}

/* The file has to be there and to be what a kernel unpacks: with another one no entry boots. */
static int file_look(const struct root *r, const struct args *a, bool *ret_packed, struct err *err)
{
	static const char cpio[] = "070701";
	const char *path = initrd_path(a);
	char magic[6];

	if (path == a->initrd || path[strspn(path, LETTERS)] || strstr(path, ".."))
		return err_set(err, EINVAL,
			"%s: --initrd takes an absolute path of letters, digits and ._+-/",
			a->initrd);
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return err_set(err, -fd, "/%s: %s; `vfio-bind image` writes the archive", path,
			strerror(-fd));
	if (read(fd, magic, sizeof(magic)) != (ssize_t)sizeof(magic))
		return err_set(err, EINVAL, "/%s: is not an archive that a kernel unpacks", path);
	*ret_packed = memcmp(magic, cpio, sizeof(magic)) != 0;
	if (*ret_packed && memcmp(magic, "\x1f\x8b", 2) != 0 &&
		memcmp(magic, "\x28\xb5\x2f\xfd", 4) != 0)
		return err_set(err, EINVAL,
			"/%s: is not an archive that a kernel unpacks: neither cpio (newc), nor gzip or zstd",
			path);
	return 0;
}

/* ---- which entries ------------------------------------------------------------------------------
 */

static bool is_asked(const struct args *a, const struct boot_entry *e)
{
	if (e->no_linux || e->unknown)
		return false;
	return a->entry ? entry_is_picked(e, a->entry) : e->ours && !e->way_back;
}

bool initrd_loads(const struct args *a, const struct boot_entry *e)
{
	_cleanup_(str_free) char *addon = e->image.path ? initrd_addon_path(e) : NULL;

	return boot_entry_loads(e, initrd_path(a)) || (addon && boot_entry_loads(e, addon));
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

static const struct loader *loader_choose(const struct loaders *l)
{
	for (size_t i = 0; i < l->found_n; i++)
		if (l->found[i]->initrd)
			return l->found[i];
	return NULL;
}

static int loader_ask(const struct root *r, const struct args *a, bool packed, struct loaders *l,
	struct file_edits *s, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries entries = {0};
	const struct loader *loader = loader_choose(l);
	const struct initrd_job job = {.file = initrd_path(a),
		.packed = packed,
		.words = &a->words,
		.entries = &entries,
		.pick = a->entry};

	if (l->managed_by) {
		(void)err_set(err, EPERM,
			"--initrd: the boot entries are made by %s: %.300s; vfio-bind(8), image, has what to do by hand",
			l->managed_by, l->managed_why ? l->managed_why : "");
		return LOADERS_OWNED;
	}
	if (!loader)
		return err_set(err, EINVAL,
			"--initrd: no way is known to have %s load a further archive; vfio-bind(8), image, has what to do by hand",
			l->found_n > 0 ? l->found[0]->name : "this system");
	if (boot_entries_read(r, l, &entries) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return loader->initrd(r, l, &job, s, err);
}

/* Which kinds of entries it is about. */
struct kinds {
	bool images, others;
};

static struct kinds kinds_find(
	const struct root *r, const struct args *a, const struct boot_entries *o)
{
	struct kinds found = {0};

	for (size_t i = 0; i < o->n; i++) {
		bool image = initrd_addon_is_for(a, r, &o->v[i]);
		found.images |= image;
		found.others |= !image && is_asked(a, &o->v[i]);
	}
	return found;
}

int initrd_plan(const struct args *a, const struct root *r, struct loaders *l, struct edit_set *ret,
	struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries all = {0};
	const struct karg_ops nothing = {0};
	struct loaders_options lo = {.loader = a->loader, .entry = a->entry, .request = &nothing};
	bool packed = false;
	int rc = words_check(a, err);

	if (rc == 0)
		rc = file_look(r, a, &packed, err);
	if (rc < 0)
		return rc;
	ret->set = calloc(2, sizeof(*ret->set));
	if (!ret->set || boot_entries_read(r, NULL, &all) < 0)
		return err_set(err, ENOMEM, "out of memory");
	ret->n = 2;
	if (a->make_default)
		return initrd_default_plan(a, r, &all, l, &ret->set[0], err);
	const struct kinds kinds = kinds_find(r, a, &all);
	if (kinds.others || !kinds.images) {
		rc = loaders_find_entry(r, &lo, l, err);
		if (rc == 0)
			rc = loader_ask(r, a, packed, l, &ret->set[0], err);
	}
	/* An entry of its own is beside the others: the images stay as they are. */
	if (rc == 0 && kinds.images && (a->words.n == 0 || !kinds.others))
		rc = initrd_addon_plan(a, r, &all, l, &ret->set[1], err);
	return rc;
}

/* ---- what came of it ---------------------------------------------------------------------------
 */

static int refuse(const struct args *a, const struct boot_entry *e, struct err *err)
{
	_cleanup_(text_done) struct text title = {0};

	term_escape(&title, e->title);
	return err_set(err, EIO, "/%s: the entry \"%.100s\" would not load /%s", e->path,
		title.data ? title.data : "", initrd_path(a));
}

static int own_verify(const struct args *a, const struct boot_entries *after, struct err *err)
{
	bool any = false, unknown = false;

	for (size_t i = 0; i < after->n; i++) {
		const struct boot_entry *e = &after->v[i];
		unknown |= e->unknown != NULL;
		if (!e->ours || e->no_linux || boot_entry_meets(e, &a->words) != BOOT_HAS)
			continue;
		if (!initrd_loads(a, e))
			return refuse(a, e, err);
		any = true;
	}
	return any || unknown ? 0 : err_set(err, EIO, "no boot entry has %s", a->words.v[0].text);
}

int initrd_verify(const struct args *a, const struct boot_entries *after, struct err *err)
{
	if (a->make_default)
		return initrd_default_verify(a, after, err);
	if (a->words.n > 0)
		return own_verify(a, after, err);
	for (size_t i = 0; i < after->n; i++)
		if (is_asked(a, &after->v[i]) && !initrd_loads(a, &after->v[i]))
			return refuse(a, &after->v[i], err);
	return 0;
}

bool initrd_lacks(const struct args *a, const struct boot_entries *o)
{
	struct err ignored = {0};

	return initrd_verify(a, o, &ignored) < 0;
}

void initrd_print(const struct args *a, const struct boot_entries *o, FILE *f)
{
	for (size_t i = 0; i < o->n; i++)
		if (!o->v[i].no_linux)
			term_row(f, initrd_loads(a, &o->v[i]) ? "will load     " : "will not load ",
				"%s", o->v[i].title);
}
