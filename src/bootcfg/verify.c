/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/verify.h"

#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/loader/entry_pick.h"
#include "shared/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- pairs ----------------------------------------------------------------------------------- */

/* For each entry before: the one after that it has become, or NULL. `taken`: of those after. */
struct pairs {
	const struct boot_entry **of;
	bool *taken;
};

static void pairs_done(struct pairs *p)
{
	free(p->of);
	free(p->taken);
}

static bool text_same(const char *a, const char *b)
{
	return a && b ? str_equal(a, b) : a == b;
}

static bool is_named_so(const struct boot_entry *a, const struct boot_entry *b)
{
	return a->reader == b->reader && str_equal(a->path, b->path) && str_equal(a->id, b->id);
}

static bool starts_same(const struct boot_entry *a, const struct boot_entry *b)
{
	bool same = text_same(a->kernel.path, b->kernel.path) &&
		    text_same(a->image.path, b->image.path) && a->initrds_n == b->initrds_n;

	for (size_t i = 0; i < a->initrds_n && same; i++)
		same = text_same(a->initrds[i].path, b->initrds[i].path);
	return same;
}

/* ... as starts_same, but for the initrd that the edit adds. */
static bool starts_same_but(
	const struct verify *v, const struct boot_entry *a, const struct boot_entry *b)
{
	size_t k = 0;

	if (!v->initrd)
		return starts_same(a, b);
	for (size_t i = 0; i < a->initrds_n; i++) {
		const char *path = a->initrds[i].path;
		if (k < b->initrds_n && text_same(path, b->initrds[k].path))
			k++;
		else if (!path || !str_equal(path, v->initrd))
			return false;
	}
	return k == b->initrds_n && text_same(a->kernel.path, b->kernel.path) &&
	       text_same(a->image.path, b->image.path);
}

/* An entry that was renamed starts the same. */
static bool is_renamed(const struct boot_entry *a, const struct boot_entry *b)
{
	return a->reader == b->reader && (a->kernel.path || a->image.path) && starts_same(a, b) &&
	       !a->way_back == !b->way_back;
}

static int pairs_make(const struct verify *v, struct pairs *p)
{
	static bool (*const fits[2])(const struct boot_entry *, const struct boot_entry *) = {
		is_named_so, is_renamed};

	p->of = calloc(v->before->n + 1, sizeof(*p->of)); // NOLINT(bugprone-sizeof-expression)
	p->taken = calloc(v->after->n + 1, sizeof(*p->taken));
	if (!p->of || !p->taken)
		return -ENOMEM;
	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < v->before->n; i++)
			for (size_t k = 0; k < v->after->n && !p->of[i]; k++)
				if (!p->taken[k] && fits[f](&v->before->v[i], &v->after->v[k])) {
					p->of[i] = &v->after->v[k];
					p->taken[k] = true;
				}
	return 0;
}

/* ---- differences ----------------------------------------------------------------------------- */

/* The first word of a that b does not have and that the edit did not take; or NULL. `but`: what
 * begins so does not count; or NULL. */
static const char *word_gone(const struct strings *a, const struct strings *b,
	const struct strings *by_edit, const char *but)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strings_have(b, a->v[i]) && !strings_have(by_edit, a->v[i]) &&
			!(but && str_starts(a->v[i], but)))
			return a->v[i];
	return NULL;
}

/* True if root= of both names the root file system of this system. Where a generator finds no UUID,
 * as in an installer's chroot, it writes a device, and the next run the UUID. */
static bool root_is_ours(
	const struct verify *v, const struct boot_entry *a, const struct boot_entry *b)
{
	return entry_root_compare(&a->words, v->roots) == ROOT_OURS &&
	       entry_root_compare(&b->words, v->roots) == ROOT_OURS;
}

/* root=, or what finds the root file system without it. */
static bool is_root_word(const char *word)
{
	static const char *const names[] = {"root=", "zfs=", "ostree=", "nfsroot=", "cryptdevice=",
		"rd.luks.uuid=", "rd.luks.name=", "rd.lvm.lv=", "rd.md.uuid="};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_starts(word, names[i]))
			return true;
	return false;
}

static size_t name_length(const char *word)
{
	return strcspn(word, "=");
}

static bool has_name(const struct strings *words, const char *word)
{
	size_t len = name_length(word);

	for (size_t i = 0; i < words->n; i++)
		if (name_length(words->v[i]) == len && strncmp(words->v[i], word, len) == 0)
			return true;
	return false;
}

/* The word that found the root file system before and has nothing in its place now; or NULL. */
static const char *root_lost(
	const struct verify *v, const struct boot_entry *b, const struct boot_entry *a)
{
	for (size_t i = 0; i < b->words.n; i++)
		if (is_root_word(b->words.v[i]) && !has_name(&a->words, b->words.v[i]) &&
			!has_name(v->removed, b->words.v[i]))
			return b->words.v[i];
	return NULL;
}

static bool is_same(const struct boot_entry *a, const struct boot_entry *b)
{
	bool same = starts_same(a, b) && a->words.n == b->words.n;

	for (size_t i = 0; i < a->words.n && same; i++)
		same = str_equal(a->words.v[i], b->words.v[i]);
	return same;
}

/* The first added parameter that is not in effect, or removed one that is there; or NULL. Sources
 * that hold a list of their own each got a word of their own: the request decides then. */
static const char *edit_lacks(const struct verify *v, const struct boot_entry *a, bool *ret_added)
{
	*ret_added = true;
	if (v->request && boot_entry_meets(a, v->request) == BOOT_HAS)
		return NULL;
	for (size_t i = 0; i < v->added->n; i++)
		if (boot_entry_has(a, v->added->v[i]) == BOOT_HAS_NOT)
			return v->added->v[i];
	*ret_added = false;
	for (size_t i = 0; i < v->removed->n; i++)
		if (strings_have(&a->words, v->removed->v[i]) &&
			!strings_have(v->added, v->removed->v[i]))
			return v->removed->v[i];
	return NULL;
}

static bool is_picked(const struct verify *v, const struct boot_entry *e)
{
	return v->pick && entry_is_picked(e, v->pick);
}

/* It gets what the edit does: what was picked, else the entries of this system but ways back. */
static bool is_edited(const struct verify *v, const struct boot_entry *e)
{
	return v->pick ? is_picked(v, e) : e->ours && !e->way_back;
}

/* What is compared word by word: it starts Linux, and what is known of it is all. */
static bool is_compared(const struct verify *v, const struct boot_entry *e)
{
	return (is_edited(v, e) || (e->ours && !e->way_back)) && !e->no_linux && !e->unknown &&
	       e->words.n > 0;
}

/* ---- the rule -------------------------------------------------------------------------------- */

static int refuse(const struct boot_entry *e, const char *what, const char *word, struct err *err)
{
	_cleanup_(text_done) struct text title = {0}, shown = {0};

	term_escape(&title, e->title);
	term_escape(&shown, word);
	return err_set(err, EIO, "/%s: the entry \"%.100s\" %s%.200s", e->path,
		title.data ? title.data : "", what, shown.data ? shown.data : "");
}

/* The entry, as it is now, lacks an added parameter or has a removed one: with where that is from,
 * or what its reader leaves out. */
static int refuse_lacking(const struct boot_entry *a, const char *word, bool added, struct err *err)
{
	_cleanup_(text_done) struct text t = {0};
	const char *more = added && a->notes.n > 0 ? a->notes.v[0] : NULL;

	for (size_t i = 0; i < a->words.n && !added; i++)
		if (str_equal(a->words.v[i], word))
			more = a->sources.v[i];
	text_print(&t, "%s%s%s%s", word, more ? " (" : "", more ? more : "", more ? ")" : "");
	return refuse(
		a, added ? "would not have " : "would still have ", t.data ? t.data : word, err);
}

static int also_add(
	struct strings *also, const struct boot_entry *e, const char *what, const char *word)
{
	_cleanup_(text_done) struct text t = {0};

	text_print(&t, "also changed by this run: the entry \"");
	term_escape(&t, e->title);
	text_print(&t, "\" of /%s %s", e->path, what);
	term_escape(&t, word);
	return t.failed ? -ENOMEM : strings_add(also, t.data);
}

/* os-prober finds other systems anew at each run. */
static bool is_found_anew(const struct boot_entry *e)
{
	return !e->ours && e->reason && strstr(e->reason, "os-prober");
}

static int file_check(const struct verify *v, const struct boot_entry *b, const struct boot_file *f,
	struct err *err)
{
	return f->path && f->state == BOOT_FILE_THERE && !root_is_file(v->root, f->path)
		       ? refuse(b, "starts a file that is gone now: /", f->path, err)
		       : 0;
}

static int files_check(const struct verify *v, const struct boot_entry *b, struct err *err)
{
	int rc = file_check(v, b, &b->kernel, err);

	if (rc == 0)
		rc = file_check(v, b, &b->image, err);
	for (size_t i = 0; i < b->initrds_n && rc == 0; i++)
		rc = file_check(v, b, &b->initrds[i], err);
	return rc;
}

/* True if the file of an entry can't be read for certain: there is one entry for all of it then. */
static bool is_unread(const struct verify *v, const struct boot_entry *b)
{
	for (size_t i = 0; i < v->after->n; i++) {
		const struct boot_entry *a = &v->after->v[i];
		if (a->unknown && !a->kernel.path && !a->image.path && str_equal(a->path, b->path))
			return true;
	}
	return false;
}

/* An entry that is not in the new menu. One whose kernel was removed has to go. */
static int gone_check(
	const struct verify *v, const struct boot_entry *b, struct strings *also, struct err *err)
{
	if (is_unread(v, b))
		return v->direct || (b->ours && !b->unknown)
			       ? refuse(b, "can't be read for certain any more", "", err)
			       : 0;
	if (is_found_anew(b) || (b->ours && boot_entry_missing(b)) ||
		(b->ours && (b->no_linux || b->unknown) && !b->way_back))
		return also_add(also, b, "is gone", "");
	return refuse(b, "is gone", "", err);
}

/* Another system's, or a way back: only what the edit itself did to its words. */
static int other_check(const struct verify *v, const struct boot_entry *b,
	const struct boot_entry *a, struct strings *also, struct err *err)
{
	bool foreign = !b->ours;

	if (b->unknown || a->unknown || is_same(a, b))
		return 0;
	if (is_found_anew(b))
		return also_add(also, b, "is another one", "");
	const struct strings none = {0};
	const char *but = !foreign && root_is_ours(v, a, b) ? "root=" : NULL;
	const char *lost = word_gone(&b->words, &a->words, foreign ? &none : v->removed, but);
	const char *new = word_gone(&a->words, &b->words, foreign ? &none : v->added, but);
	if (lost)
		return refuse(b,
			foreign ? "is of another system, and lost " : "is a way back, and lost ",
			lost, err);
	if (new)
		return refuse(b,
			foreign ? "is of another system, and got " : "is a way back, and got ", new,
			err);
	int rc = 0;
	if (but && word_gone(&b->words, &a->words, v->removed, NULL))
		rc = also_add(also, b, "has another name of the root file system", "");
	if (rc == 0 && !starts_same_but(v, a, b))
		rc = also_add(also, b, "starts another kernel or initrd", "");
	return rc;
}

static int words_check(const struct verify *v, const struct boot_entry *b,
	const struct boot_entry *a, struct strings *also, struct err *err)
{
	const char *lost = root_lost(v, b, a);
	bool added;

	if (lost)
		return refuse(b, "would lose ", lost, err);
	const char *lacks = is_same(a, b) ? NULL : edit_lacks(v, a, &added);
	if (lacks)
		return refuse_lacking(a, lacks, added, err);
	lost = word_gone(&b->words, &a->words, v->removed, NULL);
	int rc = lost ? also_add(also, b, "lost ", lost) : 0;
	const char *new = word_gone(&a->words, &b->words, v->added, NULL);
	/* By the loader: the name of what the edit has it start. */
	if (rc == 0 && new && !(v->initrd && str_starts(new, "initrd=")))
		rc = also_add(also, b, "got ", new);
	if (rc == 0 && !starts_same_but(v, a, b))
		rc = also_add(also, b, "starts another kernel or initrd", "");
	return rc;
}

/* An entry whose words were known is unknown. That a generator has it depend on a variable is no
 * damage; that it has no word any more is, as of an image that is cut. */
static bool is_lost(const struct verify *v, const struct boot_entry *b, const struct boot_entry *a)
{
	return !b->unknown && a->unknown &&
	       (v->direct || (b->ours && b->words.n > 0 && a->words.n == 0));
}

static int pair_check(const struct verify *v, const struct boot_entry *b,
	const struct boot_entry *a, struct strings *also, struct err *err)
{
	int rc = files_check(v, b, err);

	if (rc < 0)
		return rc;
	if (!a)
		return gone_check(v, b, also, err);
	if (is_lost(v, b, a))
		return refuse(b, "can't be read for certain any more: ", a->unknown, err);
	if ((!b->ours || b->way_back) && !is_picked(v, b))
		return other_check(v, b, a, also, err);
	return is_compared(v, b) && !a->unknown ? words_check(v, b, a, also, err) : 0;
}

/* A generator that wrote nothing: no entry has what was asked for. An entry beside the generated
 * ones, with words of its own, does not prove that. */
static int effect_check(const struct verify *v, struct err *err)
{
	const struct boot_entry *first = NULL;
	const char *lacks = NULL;
	bool first_added = true;

	for (size_t i = 0; i < v->after->n; i++) {
		const struct boot_entry *a = &v->after->v[i];
		bool added;
		if (is_edited(v, a) && a->unknown)
			return 0;
		if (!is_edited(v, a) || !is_compared(v, a))
			continue;
		const char *word = edit_lacks(v, a, &added);
		if (!word)
			return 0;
		if (!first) {
			first = a;
			lacks = word;
			first_added = added;
		}
	}
	return first ? refuse_lacking(first, lacks, first_added, err) : 0;
}

static const struct boot_entry *default_of(const struct boot_entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].is_default)
			return &e->v[i];
	return NULL;
}

static int default_check(
	const struct verify *v, const struct pairs *p, struct strings *also, struct err *err)
{
	const struct boot_entry *was = default_of(v->before), *is = default_of(v->after);

	if (was && !is && is_unread(v, was))
		return 0;
	if (was && !is)
		return refuse(was, "was the default, and the menu has none now", "", err);
	if (!was || p->of[was - v->before->v] == is)
		return 0;
	return also_add(also, is, "is the default now", "");
}

int verify_entries(const struct verify *v, struct strings *also, struct err *err)
{
	_cleanup_(pairs_done) struct pairs p = {0};
	int rc = pairs_make(v, &p);

	for (size_t i = 0; i < v->before->n && rc == 0; i++)
		rc = pair_check(v, &v->before->v[i], p.of[i], also, err);
	for (size_t k = 0; k < v->after->n && rc == 0; k++)
		if (!p.taken[k] && !(v->created && strings_have(v->created, v->after->v[k].path)))
			rc = also_add(also, &v->after->v[k], "is new", "");
	if (rc == 0)
		rc = default_check(v, &p, also, err);
	if (rc == 0)
		rc = effect_check(v, err);
	return rc == -ENOMEM ? err_set(err, ENOMEM, "out of memory") : rc;
}
