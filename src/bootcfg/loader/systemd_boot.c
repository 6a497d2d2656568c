/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/setting.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/bls_copy.h"
#include "bootcfg/loader/bls_entries.h"
#include "bootcfg/loader/bls_initrd.h"
#include "bootcfg/loader/bls_own.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/loader/uki_entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Entries that GRUB reads, too, are found with GRUB. */
static int detect(struct loader_search *q, struct err *err)
{
	const char *name = q->o->loader;

	(void)err;
	if (q->entries.n == 0 || q->entries.read ||
		!(str_equal(name ? name : "", "bls") || q->s->systemd_boot || !q->s->grub_complete))
		return 0;
	loader_found(q->to, &loader_systemd_boot);
	return entries_add(&q->entries, q->s, BLS_SYSTEMD_BOOT, false, q->to);
}

static bool is_found(const struct loaders *l)
{
	for (size_t i = 0; l && i < l->found_n; i++)
		if (booted_is_read_by(l->found[i], &loader_systemd_boot))
			return true;
	return false;
}

/* x+0-3.conf has failed too often. */
static bool is_exhausted(const struct boot_entry *e)
{
	const char *name = strrchr(e->path, '/');
	const char *counter = name ? strstr(name, "+0") : NULL;
	return counter && strchr("-.", counter[2]);
}

/* Greater ids first; the profiles of an image (NAME.efi@PROFILE) stay in their order. */
static int id_compare(const char *a, const char *b)
{
	_cleanup_(str_free) char *stem_a = strndup(a, strcspn(a, "@"));
	_cleanup_(str_free) char *stem_b = strndup(b, strcspn(b, "@"));

	return stem_a && stem_b ? -strverscmp(stem_a, stem_b) : 0;
}

/* Less than 0: a comes first in the menu (systemd-boot, boot_entry_compare). */
static int menu_compare(const struct boot_entry *a, const struct boot_entry *b)
{
	if (is_exhausted(a) != is_exhausted(b))
		return is_exhausted(a) ? 1 : -1;
	if (!a->sort_key != !b->sort_key)
		return a->sort_key ? -1 : 1;
	int by_key = a->sort_key ? strcmp(a->sort_key, b->sort_key) : 0;
	if (by_key == 0 && a->sort_key)
		by_key = -strverscmp(a->version ? a->version : "", b->version ? b->version : "");
	return by_key ? by_key : id_compare(a->id, b->id);
}

/* The first in the menu whose id matches the glob; NULL: of all. */
static struct boot_entry *first_in_menu(
	struct boot_reading *q, size_t begin, const char *pattern, bool good)
{
	struct boot_entry *first = NULL;

	for (size_t i = begin; i < q->to->n; i++) {
		struct boot_entry *e = &q->to->v[i];
		bool hidden = e->image.path && str_equal(e->image.path, e->path) &&
			      !e->sort_key; /* no .osrel */
		if (!hidden && !(good && is_exhausted(e)) &&
			(!pattern || entry_matches(e->id, pattern)) &&
			(!first || menu_compare(e, first) < 0))
			first = e;
	}
	return first;
}

/* The entry of an image, one of its profiles, or of a file in loader/entries. */
static size_t count_of_file(const struct boot_reading *q, size_t begin, const char *path)
{
	size_t n = 0;

	for (size_t i = begin; i < q->to->n; i++)
		n += str_equal(q->to->v[i].path, path);
	return n;
}

static bool has_counter(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	return name[uki_stem(name)] == '+';
}

/*
 * Of an image with a boot counter (NAME+3.efi) and profiles the default is not known: systemd-boot
 * 257.13 calls all of them NAME.efi and has @1 before @0 in its menu (boot_entry_compare), others
 * give each its own id, with the counter (before systemd/systemd#38897) or without.
 */
static int default_mark(struct boot_reading *q, size_t begin, struct boot_entry *found)
{
	const char *path = found->path;
	int rc = 0;

	if (!has_counter(path) || count_of_file(q, begin, path) == 1) {
		found->is_default = true;
		return 0;
	}
	for (size_t i = begin; i < q->to->n && rc == 0; i++)
		if (str_equal(q->to->v[i].path, path))
			rc = boot_entry_add_note(&q->to->v[i],
				"it, or another profile of this image, is the default: versions of systemd-boot differ while an image has a boot counter");
	return rc;
}

static bool is_saved(const char *name)
{
	return name && str_equal(name, "@saved");
}

#define PREFERRED_FEATURE (1U << 19) /* of LoaderFeatures (systemd.io/BOOT_LOADER_INTERFACE) */
#define PREFERRED_SINCE 260          /* version of systemd-boot that began to read it */

enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOT };

/* The version in the program, "#### LoaderInfo: systemd-boot 257.9 ####"; 0: not known. */
static unsigned version_of(const struct boot_reading *q, const char *path)
{
	static const char mark[] = "#### LoaderInfo: systemd-boot ";
	_cleanup_(str_free) char *data = NULL;
	unsigned version = 0;
	size_t len;

	if (root_read(q->root, path, &data, &len, NULL) < 0)
		return 0;
	const char *at = memmem(data, len, mark, strlen(mark));
	return at && sscanf(at + strlen(mark), "%u", &version) == 1 ? version : 0;
}

/* Does the program read a preferred entry? The one that booted says so itself, if it did; else each
 * that is installed is asked. */
static enum known knows_preferred(const struct boot_reading *q)
{
	uint32_t features = 0;
	enum known all = KNOWN_NOT;

	if (booted_features(q->root, &features))
		return (features & PREFERRED_FEATURE) ? KNOWN_YES : KNOWN_NO;
	for (size_t i = 0; i < q->facts->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/EFI/systemd", q->facts->boots.v[i]);
		(void)!root_list(q->root, dir, ".efi", &names);
		for (size_t n = 0; n < names.n; n++) {
			_cleanup_(text_done) struct text path = {0};
			text_print(&path, "%s/%s", dir, names.v[n]);
			unsigned version = path.failed ? 0 : version_of(q, path.data);
			enum known one = version == 0                 ? KNOWN_NOT
					 : version >= PREFERRED_SINCE ? KNOWN_YES
								      : KNOWN_NO;
			if (!str_starts(names.v[n], "systemd-boot"))
				continue;
			if (one == KNOWN_NOT || (all != KNOWN_NOT && all != one))
				return KNOWN_NOT;
			all = one;
		}
	}
	return all;
}

static char *setting_find(const struct boot_reading *q, const char *key)
{
	char *value = NULL;

	for (size_t i = 0; i < q->facts->boots.n && !value; i++)
		value = entries_setting(q->root, q->facts->boots.v[i], key);
	return value;
}

/*
 * The preferred entry, which is passed over while its boot counter is at its end. True if it may be
 * another one than is found here: with @saved, or where it is not known whether this version reads
 * it.
 */
static bool preferred_find(struct boot_reading *q, size_t begin, struct boot_entry **ret)
{
	_cleanup_(str_free) char *variable = booted_variable(q->root, "LoaderEntryPreferred");
	_cleanup_(str_free) char *conf = setting_find(q, "preferred");
	const char *names[] = {variable, conf};
	enum known knows = variable || conf ? knows_preferred(q) : KNOWN_NO;

	*ret = NULL;
	for (size_t i = 0; i < 2 && knows != KNOWN_NO && !*ret; i++) {
		if (names[i] && names[i][0] == '@')
			return true;
		*ret = names[i] ? first_in_menu(q, begin, names[i], true) : NULL;
	}
	return *ret && knows == KNOWN_NOT;
}

/*
 * The preferred entry: what LoaderEntryPreferred names (`bootctl set-preferred`), else `preferred`
 * of loader.conf. Else the default: LoaderEntryDefault, which the menu and `bootctl set-default`
 * set; `default` of loader.conf; the first. @saved in their place is LoaderEntryLastBooted. Where
 * what counts can't be read, the default is not known. (systemd-boot, config_select_default_entry;
 * systemd-boot(7) and systemd.io/BOOT_LOADER_INTERFACE of version 262.)
 */
static int default_set(struct boot_reading *q, size_t begin)
{
	_cleanup_(str_free) char *variable = booted_variable(q->root, "LoaderEntryDefault");
	_cleanup_(str_free) char *last = booted_variable(q->root, "LoaderEntryLastBooted");
	_cleanup_(str_free) char *conf = setting_find(q, "default");
	struct boot_entry *found;

	if (preferred_find(q, begin, &found))
		return 0;
	if (!found && is_saved(conf) && !booted_has_variables(q->root))
		return 0;
	const char *names[] = {is_saved(variable) ? last : variable, is_saved(conf) ? last : conf};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !found; i++)
		found = names[i] ? first_in_menu(q, begin, names[i], false) : NULL;
	if (!found)
		found = first_in_menu(q, begin, NULL, false);
	return found ? default_mark(q, begin, found) : 0;
}

/* Entries beside a whole GRUB that does not read them are left over. */
static int entries(struct boot_reading *q)
{
	const struct detect *s = q->facts;

	if (!s->systemd_boot && (s->grub_bls || (s->grub_complete && !is_found(q->loaders))))
		return 0;
	size_t begin = q->to->n;
	int rc = bls_entries_read(q, &loader_systemd_boot, BLS_SYSTEMD_BOOT, NULL);
	if (rc == 0)
		rc = uki_entries_read(q, &loader_systemd_boot);
	q->images_read = true;
	return rc == 0 && s->systemd_boot ? default_set(q, begin) : rc;
}

/* The file of the default entry; NULL: not known. Allocated. */
static char *default_path(const struct root *r, const struct loaders *l)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};

	if (boot_entries_read(r, l, &o) < 0)
		return NULL;
	for (size_t i = 0; i < o.n; i++)
		if (o.v[i].is_default && o.v[i].reader == &loader_systemd_boot)
			return strdup(o.v[i].path);
	return NULL;
}

/* Finds the default entry: the one that its loader starts without a choice, the only one, or the
 * one that booted this system. */
static const struct karg_source *default_find(const struct root *r, const struct loaders *l)
{
	const struct karg_source *only = NULL, *chosen = NULL, *current = NULL;
	size_t n = 0;
	_cleanup_(booted_done) struct booted now = {0};
	_cleanup_(str_free) char *path = default_path(r, l);

	(void)!booted_read(r, &now);
	for (size_t i = 0; i < l->sources_n; i++) {
		const struct karg_source *p = &l->sources[i];
		if (p->edit != bls_edit)
			continue;
		n++;
		only = p;
		const char *name = strrchr(p->paths.v[0], '/') + 1;
		if (path && str_equal(path, p->paths.v[0]))
			chosen = p;
		if (now.entry && strcasecmp(now.entry, name) == 0)
			current = p;
	}
	return chosen || path ? chosen : n == 1 ? only : current;
}

/* With @saved the last booted entry becomes the default, even the trial. */
static int default_check(const struct root *r, const char *path, struct err *err)
{
	_cleanup_(str_free) char *variable = booted_variable(r, "LoaderEntryDefault");
	const char *tail = strstr(path, "/entries/");
	char conf[1100];

	if (is_saved(variable))
		return err_set(err, EINVAL,
			"the EFI variable LoaderEntryDefault says @saved, so the trial would boot again by itself; run `bootctl set-default \"\"` first");
	(void)snprintf(conf, sizeof(conf), "%.*s/loader.conf", (int)(tail ? tail - path : 0), path);
	if (root_holds(r, conf, "@saved"))
		return err_set(err, EINVAL,
			"/%s: says `default @saved', so the trial would boot again by itself; name an entry there first",
			conf);
	return 0;
}

/* A copy of the default entry, NAME-vfio-trial.conf, and `bootctl set-oneshot`. */
static const struct bls_copy trial = {.tail = TRIAL_ID, .mark = "vfio-bootcfg trial"};
static const struct bls_copy before = {.tail = "before-vfio", .mark = "before vfio-bootcfg"};

static int oneshot(const struct root *r, struct loaders *l, const struct karg_ops *req,
	struct file_edits *s, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model)
		return err_set(err, EINVAL,
			"nothing tells which entry boots by default; --entry ID says which to try");
	struct format f = {.reader = BLS_SYSTEMD_BOOT};
	int rc = default_check(r, model->paths.v[0], err);
	if (rc == 0)
		rc = bls_copy_make(r, model->paths.v[0], &trial, s, err);
	if (rc == 0)
		rc = bls_edit(s, &f, req, err);
	if (rc < 0)
		return rc;
	if (s->n == 0)
		return err_set(err, EINVAL, "the default entry has no file to copy");
	if (s->added.n == 0 && s->removed.n == 0)
		str_free(&s->v[0].text);
	if (!s->v[0].text && !s->v[0].old)
		return 0; /* nothing to change */
	_cleanup_(text_done) struct text arm = {0};
	text_print(&arm, "bootctl set-oneshot %s", strrchr(s->v[0].path, '/') + 1);
	return arm.failed || strings_add(&l->next, arm.data) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

/* systemd-boot skips a missing entry, and resets the variable itself. */
static int oneshot_cancel(
	const struct root *r, const char *path, struct strings *next, bool *ret_trial)
{
	(void)r;
	(void)next;
	*ret_trial |= strstr(path, "-" TRIAL_ID ".conf") != NULL;
	return 0;
}

static int keep(
	const struct root *r, const struct loaders *l, struct file_edits *s, struct err *err)
{
	const struct karg_source *model = default_find(r, l);

	if (!model)
		return err_set(err, EINVAL,
			"nothing tells which entry boots by default, so there is none that --once-fallback could copy");
	return bls_copy_make(r, model->paths.v[0], &before, s, err);
}

/* ---- another default ---------------------------------------------------------------------------
 */

/* Where loader.conf is, or would be: on the partition of the program (systemd-boot(7), FILES). */
static const char *conf_directory(const struct root *r, const struct loaders *l)
{
	static const char *const marks[] = {"loader/loader.conf", "EFI/systemd"};

	for (size_t k = 0; k < sizeof(marks) / sizeof(*marks); k++)
		for (size_t i = 0; i < l->boots.n; i++) {
			_cleanup_(text_done) struct text path = {0};
			text_print(&path, "%s/%s", l->boots.v[i], marks[k]);
			if (!path.failed &&
				(root_is_file(r, path.data) || root_is_dir(r, path.data)))
				return l->boots.v[i];
		}
	return NULL;
}

/* TOKEN-VERSION-TAIL.conf becomes TOKEN-*-TAIL.conf: of several the newest kernel comes first, and
 * without any the first entry of the menu boots. */
static void pattern_print(const struct boot_entry *own, struct text *ret)
{
	_cleanup_(text_done) struct text end = {0};

	text_print(&end, "-%s-" INITRD_TAIL ".conf", own->version ? own->version : "");
	if (!end.failed && own->version && str_ends(own->id, end.data))
		text_print(ret, "%.*s-*-" INITRD_TAIL ".conf", (int)(strlen(own->id) - end.len),
			own->id);
	else
		text_print(ret, "%s", own->id);
}

/* What goes before `default` of loader.conf, and is not set by a file or is not this key. */
static int stronger_check(const struct root *r, const char *conf, const char *boot,
	const struct boot_entry *own, struct err *err)
{
	_cleanup_(str_free) char *chosen = booted_variable(r, "LoaderEntryDefault");
	_cleanup_(str_free) char *wanted = booted_variable(r, "LoaderEntryPreferred");
	_cleanup_(str_free) char *key = entries_setting(r, boot, "preferred");

	if (wanted && wanted[0] && !entry_matches(own->id, wanted))
		return err_set(err, EINVAL,
			"the EFI variable LoaderEntryPreferred names %.100s, which goes before /%s: run `bootctl set-preferred \"\"` first",
			wanted, conf);
	if (key && !entry_matches(own->id, key))
		return err_set(err, EINVAL,
			"/%s: says `preferred %.100s', which goes before its default: take that line out first",
			conf, key);
	if (chosen && chosen[0] && !entry_matches(own->id, chosen))
		return err_set(err, EINVAL,
			"the EFI variable LoaderEntryDefault names %.100s (`bootctl set-default', or d in the menu), which goes before /%s: run `bootctl set-default \"\"` first",
			chosen, conf);
	return 0;
}

static int prefer(const struct root *r, struct loaders *l, const struct boot_entry *own,
	struct file_edits *s, struct err *err)
{
	_cleanup_(text_done) struct text pattern = {0}, path = {0};
	const char *boot = conf_directory(r, l);
	char *text = NULL;
	size_t len = 0;

	if (!boot)
		return err_set(err, EINVAL,
			"the partition that has systemd-boot, and its loader.conf, is not known: run `bootctl set-default %s`",
			own->id);
	pattern_print(own, &pattern);
	text_print(&path, "%s/loader/loader.conf", boot);
	if (pattern.failed || path.failed)
		return err_set(err, ENOMEM, "out of memory");
	int rc = stronger_check(r, path.data, boot, own, err);
	if (rc == 0)
		rc = root_read(r, path.data, &text, &len, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (file_edits_add(s, path.data, text, len) < 0)
		return err_set(err, ENOMEM, "out of memory");
	const struct setting set = {.key = "default", .value = pattern.data};
	return setting_set(&s->v[0], &set, err);
}

/* The stub of the kernel loads the initrd by its path on the ESP. */
static bool booted(const char *cmdline)
{
	return !str_starts(cmdline, "BOOT_IMAGE=") && strstr(cmdline, "initrd=\\");
}

/* The entries, and the images that are built beside them. */
static int own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	int rc = bls_own(r, l, list, s, err);

	return rc < 0 || !l->image ? rc : loader_uki.own(r, l, list, s, err);
}

const struct loader loader_systemd_boot = {
	.name = "systemd-boot",
	.called = (const char *const[]){"systemd-boot", "sd-boot", "bls", NULL},
	.starts_images = true,
	.loader_info = (const char *const[]){"systemd-boot", NULL},
	.booted = booted,
	.measured = "12, by systemd-boot",
	.detect = detect,
	.entries = entries,
	.oneshot = oneshot,
	.oneshot_cancel = oneshot_cancel,
	.initrd = bls_initrd,
	.prefer = prefer,
	.own = own,
	.own_files = bls_own_files,
	.keep = keep,
};
