/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/menu_own.h"

#include "bootcfg/format/line_index.h"
#include "bootcfg/loader/boot_entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the text of an entry ----------------------------------------------------------------------
 */

/* A line, without what ends it. */
struct line {
	const char *at;
	size_t len, indent;
};

static struct line line_at(const char *text, size_t len, size_t at)
{
	const char *nl = memchr(text + at, '\n', len - at);
	struct line l = {.at = text + at, .len = nl ? (size_t)(nl - text) - at : len - at};

	l.indent = strspn(l.at, " \t");
	return l;
}

static bool starts_with(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	return l->len >= l->indent + n && strncasecmp(l->at + l->indent, word, n) == 0;
}

/* What the formats differ in. */
struct style {
	format_edit *edit;
	/* The line begins the next entry, or something behind all of them. */
	bool (*ends)(const struct line *l);
	bool braces; /* … or the entry ends with the brace that it opens */
	/* Adds a line of the entry to its copy; `first`: the one that it begins with. */
	int (*line_add)(const struct line *l, bool first, const char *tail, struct text *to);
};

static bool extlinux_ends(const struct line *l)
{
	return starts_with(l, "label ") || starts_with(l, "label\t") ||
	       starts_with(l, "menu begin") || starts_with(l, "menu end") ||
	       starts_with(l, "include ");
}

static int extlinux_line_add(const struct line *l, bool first, const char *tail, struct text *to)
{
	if (starts_with(l, "menu default"))
		return 0;
	text_add(to, l->at, l->len);
	if (first)
		text_print(to, "-%s", tail);
	else if (starts_with(l, "menu label"))
		text_print(to, " (%s)", tail);
	text_print(to, "\n");
	return 0;
}

static bool limine_ends(const struct line *l)
{
	return l->len > 0 && (l->at[l->indent] == '/' || l->at[l->indent] == ':');
}

static int limine_line_add(const struct line *l, bool first, const char *tail, struct text *to)
{
	/* One of a menu within the menu would be another one's at the end. */
	if (first && (l->at[l->indent + 1] == l->at[l->indent] || l->at[l->indent + 1] == '+'))
		return -EINVAL;
	text_add(to, l->at, l->len);
	text_print(to, first ? " (%s)\n" : "\n", tail);
	return 0;
}

static bool refind_linux_ends(const struct line *l)
{
	(void)l;
	return true;
}

static int refind_linux_line_add(
	const struct line *l, bool first, const char *tail, struct text *to)
{
	const char *open = memchr(l->at, '"', l->len);
	const char *close = open ? memchr(open + 1, '"', l->len - (size_t)(open + 1 - l->at))
				 : NULL;

	(void)first;
	if (!close)
		return -EINVAL;
	text_add(to, l->at, (size_t)(close - l->at));
	text_print(to, " (%s)", tail);
	text_add(to, close, l->len - (size_t)(close - l->at));
	text_print(to, "\n");
	return 0;
}

static bool refind_conf_ends(const struct line *l)
{
	return starts_with(l, "menuentry");
}

static int refind_conf_line_add(const struct line *l, bool first, const char *tail, struct text *to)
{
	if (first)
		return refind_linux_line_add(l, first, tail, to);
	text_add(to, l->at, l->len);
	text_print(to, "\n");
	return 0;
}

static const struct style styles[] = {
	{extlinux_edit, extlinux_ends, false, extlinux_line_add},
	{limine_edit, limine_ends, false, limine_line_add},
	{refind_conf_edit, refind_conf_ends, true, refind_conf_line_add},
	{refind_linux_edit, refind_linux_ends, false, refind_linux_line_add},
};

static const struct style *style_find(const struct karg_source *p)
{
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++)
		if (styles[i].edit == p->edit)
			return &styles[i];
	return NULL;
}

/* ---- which entry is copied ---------------------------------------------------------------------
 */

static bool is_usable(const struct boot_entry *e, const char *path)
{
	return str_equal(e->path, path) && e->line > 0 && e->ours && !e->way_back && !e->no_linux &&
	       !e->unknown;
}

static bool is_own(const struct boot_entry *e)
{
	for (size_t i = 0; i < e->words.n; i++)
		if (str_starts(e->words.v[i], OWN_PROFILE_WORD))
			return true;
	return false;
}

/* The default, or the only one that is not of our own. */
static const struct boot_entry *model_find(const struct boot_entries *o, const char *path)
{
	const struct boot_entry *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!is_usable(&o->v[i], path) || is_own(&o->v[i]))
			continue;
		if (o->v[i].is_default)
			return &o->v[i];
		only = &o->v[i];
		n++;
	}
	return n == 1 ? only : NULL;
}

static int lasting_check(const struct boot_entry *e, struct err *err)
{
	const char *file = e->kernel.path && own_has_version(e->kernel.path) ? e->kernel.path
			   : e->image.path && own_has_version(e->image.path) ? e->image.path
									     : NULL;

	for (size_t i = 0; i < e->initrds_n && !file; i++)
		if (e->initrds[i].path && own_has_version(e->initrds[i].path))
			file = e->initrds[i].path;
	return file ? err_set(err, EINVAL,
			      "/%s:%zu: nothing writes this entry anew with the next kernel, and %.200s goes with its version: name a kernel and an initrd without one",
			      e->path, e->line, file)
		    : 0;
}

static bool has_word(const struct boot_entries *o, const char *path, const struct own_entry *own)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_equal(o->v[i].path, path) &&
			boot_entry_meets(&o->v[i], &own->words) == BOOT_HAS)
			return true;
	return false;
}

/* ---- the copy ----------------------------------------------------------------------------------
 */

/* Counts the braces that are open behind a line: one that ends with `{` opens, one that begins with
 * `}` closes. True for a line within more than one of them. */
static bool brace_follow(const struct line *l, size_t *depth)
{
	size_t end = l->len;

	while (end > l->indent && strchr(" \t\r", l->at[end - 1]))
		end--;
	if (l->at[l->indent] == '}')
		return (*depth > 0 ? (*depth)-- : 0) > 1;
	return (l->at[end - 1] == '{' ? ++*depth : *depth) > 1;
}

/* Adds the copy at the end of the text; *ret_line: where it begins, from 1. */
static int copy_add(const struct style *style, const struct own_entry *own, size_t line,
	const char *text, size_t len, struct text *to, size_t *ret_line)
{
	_cleanup_(line_index_done) struct line_index lines = {0};
	size_t depth = 0;
	int rc = line_index_make(&lines, text, len);

	if (rc < 0)
		return rc;
	text_add(to, text, len);
	bool open = len > 0 && text[len - 1] != '\n';
	if (open)
		text_print(to, "\n");
	/* Behind a newline the index has one line more, of no bytes. */
	*ret_line = lines.n + open;
	for (size_t i = line - 1; i < lines.n && rc == 0; i++) {
		struct line l = line_at(text, len, lines.begin[i]);
		if (i >= line && style->ends(&l))
			break;
		if (l.indent >= l.len || l.at[l.indent] == '#')
			continue;
		/* The entries of its submenu are those of the original alone. */
		bool inner = style->braces && brace_follow(&l, &depth);
		if (!inner)
			rc = style->line_add(&l, i + 1 == line, own->tail, to);
		if (style->braces && depth == 0)
			break;
	}
	return to->failed ? -ENOMEM : rc;
}

static int own_add(const struct karg_source *p, const struct style *style,
	const struct own_entry *own, size_t line, struct file_edit *f, struct err *err)
{
	_cleanup_(file_edits_done) struct file_edits one = {0};
	_cleanup_(text_done) struct text text = {0};
	struct format format = p->format;
	size_t len;
	const char *now = file_edit_text(f, &len);
	int rc = copy_add(style, own, line, now, len, &text, &format.entry_line);

	if (rc == -EINVAL)
		return err_set(err, EINVAL,
			"%s:%zu: this entry can't be copied behind the others with certainty; write the copy by hand, with the words of /" OWN_ENTRIES_LIST,
			f->name, line);
	if (rc < 0 || file_edits_add(&one, p->paths.v[0], NULL, 0) < 0 ||
		file_edit_take(&one.v[0], &text) < 0)
		return err_set(err, ENOMEM, "out of memory");
	rc = style->edit(&one, &format, &own->words, err);
	if (rc < 0)
		return rc;
	now = file_edit_text(&one.v[0], &len);
	text_add(&text, now, len);
	return file_edit_take(f, &text) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int source_add(const struct root *r, const struct karg_source *p,
	const struct boot_entries *o, const struct own_entries *list, struct file_edits *s,
	struct err *err)
{
	const struct style *style = style_find(p);
	const struct boot_entry *model = model_find(o, p->paths.v[0]);
	char *text = NULL;
	size_t len = 0;

	if (!model)
		return err_set(err, EINVAL,
			"/%s: nothing tells which entry boots by default, so there is none to copy",
			p->paths.v[0]);
	int rc = lasting_check(model, err);
	if (rc == 0)
		rc = root_read(r, p->paths.v[0], &text, &len, err);
	if (rc < 0)
		return rc;
	if (file_edits_add(s, p->paths.v[0], text, len) < 0)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n && rc == 0; i++)
		if (!has_word(o, p->paths.v[0], &list->v[i]))
			rc = own_add(p, style, &list->v[i], model->line, &s->v[s->n - 1], err);
	return rc;
}

int menu_own(const struct root *r, const struct loaders *l, const struct own_entries *list,
	struct file_edits *s, struct err *err)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	bool any = false;
	int rc = boot_entries_read(r, l, &o) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;

	for (size_t i = 0; i < l->sources_n && rc == 0; i++) {
		const struct karg_source *p = &l->sources[i];
		if (!style_find(p) || p->paths.n != 1)
			continue;
		any = true;
		rc = source_add(r, p, &o, list, s, err);
	}
	if (rc < 0 || any)
		return rc;
	return err_set(err, EINVAL,
		"/%s: no way is known to have what makes the menu add further entries; an entry by hand has the words of the default, and " OWN_PROFILE_WORD
		"NAME",
		l->sources_n > 0 ? l->sources[0].paths.v[0] : "boot");
}
