/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/boot_entries.h"

#include "bootcfg/kargs/edit.h"
#include "bootcfg/kargs/entry_rules.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/entries.h"
#include "bootcfg/loader/table.h"
#include "bootcfg/loader/word_origin.h"
#include "shared/term.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- one entry ---------------------------------------------------------------------------------
 */

static void boot_entry_done(struct boot_entry *e)
{
	free(e->id);
	free(e->title);
	free(e->path);
	free(e->kernel.path);
	free(e->image.path);
	for (size_t i = 0; i < e->initrds_n; i++)
		free(e->initrds[i].path);
	free(e->initrds);
	free(e->reason);
	free(e->unknown);
	strings_done(&e->maybe);
	strings_done(&e->words);
	strings_done(&e->sources);
	strings_done(&e->notes);
	free(e->sort_key);
	free(e->version);
}

void boot_entries_done(struct boot_entries *o)
{
	for (size_t i = 0; i < o->n; i++)
		boot_entry_done(&o->v[i]);
	free(o->v);
	*o = (struct boot_entries){0};
}

struct boot_entry *boot_entry_add(struct boot_reading *q, const struct loader *reader,
	const char *path, size_t line, char *title)
{
	struct boot_entries *o = q->to;
	struct boot_entry e = {.reader = reader,
		.title = title,
		.id = title ? strdup(title) : NULL,
		.path = strdup(path),
		.line = line,
		.ours = true};
	struct boot_entry *v = realloc(o->v, (o->n + 1) * sizeof(*v));

	if (v)
		o->v = v;
	if (!v || !e.title || !e.id || !e.path) {
		boot_entry_done(&e);
		return NULL;
	}
	v[o->n] = e;
	return &v[o->n++];
}

static int text_set(char **to, char *text)
{
	free(*to);
	*to = text;
	return text ? 0 : -ENOMEM;
}

int boot_entry_set_id(struct boot_entry *e, const char *id, size_t len)
{
	char *copy = strndup(id, len);
	return copy ? text_set(&e->id, copy) : -ENOMEM;
}

int boot_entry_set_owner(struct boot_entry *e, bool ours, const char *reason)
{
	e->ours = ours;
	return text_set(&e->reason, strdup(reason));
}

static char *format(const char *fmt, va_list ap) _printf_(1, 0);
static char *format(const char *fmt, va_list ap)
{
	char *text = NULL;
	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

int boot_entry_set_unknown(struct boot_entry *e, const char *fmt, ...)
{
	va_list ap;

	e->only_maybe = false;
	if (e->unknown)
		return 0;
	va_start(ap, fmt);
	e->unknown = format(fmt, ap);
	va_end(ap);
	return e->unknown ? 0 : -ENOMEM;
}

int boot_entry_set_order(struct boot_entry *e, const char *sort_key, const char *version)
{
	int rc = sort_key ? text_set(&e->sort_key, strdup(sort_key)) : 0;
	return rc == 0 && version ? text_set(&e->version, strdup(version)) : rc;
}

int boot_entry_add_note(struct boot_entry *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *note = format(fmt, ap);
	va_end(ap);
	return note ? strings_take(&e->notes, note) : -ENOMEM;
}

int boot_entry_add_maybe(struct boot_entry *e, const char *text, const char *reason)
{
	if (!e->unknown) {
		if (boot_entry_set_unknown(e, "%s", reason) < 0)
			return -ENOMEM;
		e->only_maybe = true;
	}
	return e->only_maybe ? strings_add(&e->maybe, text) : 0;
}

int boot_entry_add_word(struct boot_entry *e, const char *word, const char *source_fmt, ...)
{
	va_list ap;

	va_start(ap, source_fmt);
	char *source = format(source_fmt, ap);
	va_end(ap);
	int rc = source ? strings_add(&e->words, word) : -ENOMEM;
	if (rc < 0) {
		free(source);
		return rc;
	}
	return strings_take(&e->sources, source);
}

size_t boot_line_of(const char *text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

int boot_entry_add_tokens(
	struct boot_entry *e, const struct tokens *l, const char *path, const char *text)
{
	int rc = 0;

	for (size_t i = 0; i < l->words && rc == 0; i++) {
		const struct word *w = &l->word[i];
		const struct segment *f = &l->field[w->field];
		if (f->ignored)
			continue;
		size_t line = boot_line_of(text, f->cell[w->first].begin);
		if (w->unknown)
			rc = boot_entry_set_unknown(e,
				"/%s:%zu: %s depends on a variable that no file here sets", path,
				line, w->text);
		if (rc == 0)
			rc = boot_entry_add_word(e, w->text, "/%s:%zu", path, line);
	}
	return rc;
}

int boot_entry_add_text(struct boot_entry *e, const char *text, size_t len, const char *source)
{
	_cleanup_(tokens_done) struct tokens l = {0};
	struct segment *f = tokens_segment(&l);
	int rc = f ? segment_add_bytes(f, text, 0, len, 0) : -ENOMEM;

	if (rc == 0)
		rc = tokens_split(&l, NULL);
	if (rc == -EINVAL)
		rc = boot_entry_set_unknown(e, "%s: its quotes do not match", source);
	for (size_t i = 0; i < l.words && rc == 0; i++)
		rc = boot_entry_add_word(e, l.word[i].text, "%s", source);
	return rc;
}

/* ---- the files it starts -----------------------------------------------------------------------
 */

/* Takes `DIR/..` out of a path. */
static void path_collapse(char *path)
{
	for (char *up; (up = strstr(path, "/../")) && up > path;) {
		char *dir = memrchr(path, '/', (size_t)(up - path));
		memmove(dir ? dir + 1 : path, up + 4, strlen(up + 4) + 1);
	}
}

/* True if base/name is a file; *ret_path is its path then, NULL without memory. */
static bool file_at(const struct root *r, const char *base, const char *name, char **ret_path)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", base, base[0] ? "/" : "", name) < 0)
		path = NULL;
	if (path && !root_is_file(r, path))
		str_free(&path);
	if (path)
		path_collapse(path);
	*ret_path = path;
	return path != NULL;
}

/* A path as the entry has it becomes one without a leading slash, slashes only. */
static char *name_clean(const char *name, size_t len)
{
	char *clean = strndup(name, len);

	for (char *p = clean; p && *p; p++)
		if (*p == '\\')
			*p = '/';
	if (clean)
		memmove(clean, clean + strspn(clean, "/"), strlen(clean) - strspn(clean, "/") + 1);
	return clean;
}

int boot_file_find(const struct boot_reading *q, const char *base, const char *name, size_t len,
	struct boot_file *ret)
{
	_cleanup_(str_free) char *clean = name_clean(name, len);
	const struct strings *boots = &q->facts->boots;
	char *path = NULL;
	bool found = false;

	if (!clean)
		return -ENOMEM;
	if (base)
		found = file_at(q->root, base, clean, &path);
	for (size_t i = 0; i < boots->n && !found && !base; i++)
		found = file_at(q->root, boots->v[i], clean, &path);
	/* /boot may be a directory of the root file system, and that a subvolume ("/@/boot/…"). */
	if (!found)
		found = file_at(q->root, "", clean, &path);
	if (!found && clean[0] == '@' && strchr(clean, '/'))
		found = file_at(q->root, "", strchr(clean, '/') + 1, &path);
	free(ret->path);
	*ret = (struct boot_file){.path = found ? path : strndup(name, len),
		.state = found ? BOOT_FILE_THERE : BOOT_FILE_MISSING};
	return ret->path ? 0 : -ENOMEM;
}

int boot_entry_take_initrd(struct boot_entry *e, struct boot_file *file)
{
	struct boot_file *v = realloc(e->initrds, (e->initrds_n + 1) * sizeof(*v));

	if (!v) {
		free(file->path);
		return -ENOMEM;
	}
	e->initrds = v;
	v[e->initrds_n++] = *file;
	return 0;
}

int boot_entry_add_initrd(const struct boot_reading *q, struct boot_entry *e, const char *base,
	const char *name, size_t len)
{
	struct boot_file file = {0};
	int rc = boot_file_find(q, base, name, len, &file);

	return rc < 0 ? rc : boot_entry_take_initrd(e, &file);
}

bool boot_entries_lack(const struct boot_entries *o, const struct karg_ops *req)
{
	bool any = false;

	for (size_t i = 0; i < o->n; i++) {
		const struct boot_entry *e = &o->v[i];
		if (!e->ours || e->way_back || e->no_linux)
			continue;
		if (e->unknown || boot_entry_meets(e, req) != BOOT_HAS_NOT)
			return false;
		any = true;
	}
	return any;
}

bool boot_entry_is_own_bls(const struct boot_entry *e)
{
	return e->ours && strstr(e->path, "loader/entries/");
}

const char *boot_entry_missing(const struct boot_entry *e)
{
	if (e->kernel.state == BOOT_FILE_MISSING)
		return e->kernel.path;
	if (e->image.state == BOOT_FILE_MISSING)
		return e->image.path;
	for (size_t i = 0; i < e->initrds_n; i++)
		if (e->initrds[i].state == BOOT_FILE_MISSING)
			return e->initrds[i].path;
	return NULL;
}

/* ---- what holds for the entries of every reader ------------------------------------------------
 */

static const char *way_back_of(const struct boot_entry *e)
{
	const char *texts[] = {e->title, e->id, e->kernel.path, e->image.path};
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && !name; i++)
		name = texts[i] ? entry_way_back(texts[i]) : NULL;
	for (size_t i = 0; i < e->initrds_n && !name; i++)
		name = entry_way_back(e->initrds[i].path);
	return name;
}

static int owner_by_root(const struct detect *s, struct boot_entry *e)
{
	enum entry_root root = entry_root_compare(&e->words, &s->roots);

	if (root == ROOT_UNKNOWN || !e->ours)
		return 0;
	if (root == ROOT_FOREIGN)
		return boot_entry_set_owner(e, false, "its root= is not / of this system");
	return e->reason ? 0 : boot_entry_set_owner(e, true, "its root= is / of this system");
}

/* The files of another system may be on a partition of its own, which is not looked at. */
static void files_forget(struct boot_entry *e)
{
	struct boot_file *one[] = {&e->kernel, &e->image};

	for (size_t i = 0; i < e->initrds_n + 2; i++) {
		struct boot_file *f = i < 2 ? one[i] : &e->initrds[i - 2];
		if (f->state == BOOT_FILE_MISSING)
			f->state = BOOT_FILE_UNKNOWN;
	}
}

static int entries_complete(struct boot_reading *q)
{
	_cleanup_(booted_done) struct booted now = {0};
	int rc = booted_read(q->root, &now);

	for (size_t i = 0; i < q->to->n && rc == 0; i++) {
		struct boot_entry *e = &q->to->v[i];
		e->way_back = way_back_of(e);
		e->booted |= now.entry && e->reader == now.loader &&
			     strcasecmp(now.entry, e->id) == 0;
		rc = owner_by_root(q->facts, e);
		if (!e->ours)
			files_forget(e);
	}
	return rc;
}

/* A tree may have /sys of the machine mounted, as a chroot does. The variable has four bytes of
 * attributes, then one of data (UEFI, "Globally Defined Variables"). */
enum secure_boot secure_boot_read(const struct root *r)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len;

	if (root_read(r, "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		    &data, &len, NULL) < 0 ||
		len != 5)
		return SECURE_BOOT_UNKNOWN;
	return data[4] == 1 ? SECURE_BOOT_ON : SECURE_BOOT_OFF;
}

static bool reads(const struct loaders *l, const struct loader *reader)
{
	for (size_t i = 0; l && i < l->found_n; i++)
		if (booted_is_read_by(l->found[i], reader))
			return true;
	return !l || l->found_n == 0;
}

int boot_entries_read(const struct root *r, const struct loaders *l, struct boot_entries *ret)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	_cleanup_(detect_done) struct detect facts = {0};
	struct boot_reading q = {.root = r,
		.facts = &facts,
		.loaders = l,
		.to = &o,
		.secure_boot = secure_boot_read(r)};
	struct err ignored = {0};
	int rc = detect_make(r, &facts, &ignored);

	for (const struct loader *const *row = loader_table; *row && rc == 0; row++)
		if ((*row)->entries && reads(l, *row))
			rc = (*row)->entries(&q);
	if (rc == 0)
		rc = entries_complete(&q);
	if (rc == 0 && l)
		rc = word_origins_set(r, l, &o);
	if (rc < 0)
		return -ENOMEM;
	*ret = o;
	o = (struct boot_entries){0};
	return 0;
}

/* ---- questions ---------------------------------------------------------------------------------
 */

static int line_add(struct segment *f, const struct strings *words)
{
	int rc = 0;

	for (size_t i = 0; i < words->n && rc == 0; i++) {
		rc = segment_add_bytes(f, words->v[i], 0, strlen(words->v[i]), 0);
		if (rc == 0)
			rc = segment_add_bytes(f, " ", 0, 1, 0);
	}
	return rc;
}

/* 1: the request has nothing to do on the words as one line. 0: it has, or is refused. -ENOMEM. */
static int meets(const struct boot_entry *e, bool maybe, const struct karg_ops *req)
{
	_cleanup_(tokens_done) struct tokens l = {0};
	_cleanup_(edit_done) struct edit c = {0};
	struct segment *f = tokens_segment(&l);
	int rc = f ? line_add(f, &e->words) : -ENOMEM;

	if (rc == 0 && maybe)
		rc = line_add(f, &e->maybe);
	if (rc == 0)
		rc = tokens_split(&l, NULL);
	if (rc == 0)
		rc = edit_decide(&l, req, &c, NULL);
	return rc == 0 ? edit_empty(&c) : rc == -ENOMEM ? rc : 0;
}

enum boot_has boot_entry_meets(const struct boot_entry *e, const struct karg_ops *req)
{
	int rc = meets(e, false, req);

	/* Words that may be there as well are looked at both ways. */
	if (e->unknown && e->only_maybe && rc >= 0 && meets(e, true, req) == rc)
		return rc ? BOOT_HAS : BOOT_HAS_NOT;
	if (rc < 0 || (rc == 0 && e->unknown))
		return BOOT_HAS_UNKNOWN;
	return rc ? BOOT_HAS : BOOT_HAS_NOT;
}

enum boot_has boot_entry_has(const struct boot_entry *e, const char *word)
{
	_cleanup_(karg_ops_done) struct karg_ops r = {0};

	if (karg_ops_take(&r, KARG_OP_ADD, word, NULL) < 0)
		return BOOT_HAS_UNKNOWN;
	return boot_entry_meets(e, &r);
}

/* BOOT_IMAGE= and initrd= come from the loader, and their paths are in its own spelling. */
static bool is_from_loader(const char *word)
{
	return str_starts(word, "BOOT_IMAGE=") || str_starts(word, "initrd=");
}

static size_t next_own(const struct strings *words, size_t i)
{
	while (i < words->n && is_from_loader(words->v[i]))
		i++;
	return i;
}

static bool same_words(const struct strings *a, const struct strings *b)
{
	size_t i = next_own(a, 0), k = next_own(b, 0);

	for (; i < a->n && k < b->n; i = next_own(a, i + 1), k = next_own(b, k + 1))
		if (!str_equal(a->v[i], b->v[k]))
			return false;
	return i == a->n && k == b->n;
}

const struct boot_entry *boot_entries_running(const struct boot_entries *o, const char *cmdline)
{
	struct boot_entry line = {0};
	const struct boot_entry *found = NULL;
	int rc = boot_entry_add_text(&line, cmdline, strlen(cmdline), "");

	for (size_t i = 0; i < o->n && rc == 0; i++) {
		const struct boot_entry *e = &o->v[i];
		bool same = !e->no_linux && !e->unknown && same_words(&e->words, &line.words);
		if (same && (!found || e->booted))
			found = e;
	}
	boot_entry_done(&line);
	return found;
}

bool boot_entry_loads(const struct boot_entry *e, const char *file)
{
	for (size_t i = 0; i < e->initrds_n; i++)
		if (e->initrds[i].state == BOOT_FILE_THERE && str_equal(e->initrds[i].path, file))
			return true;
	return false;
}

void boot_entries_print(const struct boot_entries *o, const struct strings *words, FILE *f)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct boot_entry *e = &o->v[i];
		_cleanup_(text_done) struct text missing = {0};
		enum boot_has all = BOOT_HAS;
		if (e->no_linux)
			continue;
		for (size_t k = 0; k < words->n; k++) {
			enum boot_has has = boot_entry_has(e, words->v[k]);
			if (has == BOOT_HAS)
				continue;
			all = has;
			text_print(&missing, " %s", words->v[k]);
		}
		if (all == BOOT_HAS)
			term_row(f, "will have     ", "%s", e->title);
		else
			term_row(f, all == BOOT_HAS_NOT ? "will not have " : "may not have  ",
				"%s:%s", e->title, missing.data ? missing.data : "");
	}
}
