/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/advice.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/boot_entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- its line ----------------------------------------------------------------------------------
 */

/*
 * The entry that boots without a choice in the menu. Where no file says so: the newest of entries
 * that are files of their own (deployments and generations are numbered), the first of a menu.
 */
static const struct boot_entry *default_entry(const struct boot_entries *o)
{
	const struct boot_entry *best = NULL;

	for (size_t i = 0; i < o->n; i++) {
		const struct boot_entry *e = &o->v[i];
		if (e->no_linux || !e->ours || e->unknown)
			continue;
		if (e->is_default)
			return e;
		if (!best || (e->line == 0 && strverscmp(e->id, best->id) > 0))
			best = e;
	}
	return best;
}

static int entry_line(const struct root *r, struct text *ret_line, char **ret_path)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};

	if (boot_entries_read(r, NULL, &o) < 0)
		return -ENOMEM;
	const struct boot_entry *e = default_entry(&o);
	for (size_t i = 0; e && i < e->words.n; i++)
		text_print(ret_line, "%s%s", i > 0 ? " " : "", e->words.v[i]);
	*ret_path = e ? strdup(e->path) : NULL;
	return e && !*ret_path ? -ENOMEM : 0;
}

/* The text behind KEY= at the beginning of a line; NULL: there is none. */
static const char *key_find(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (strncmp(at, key, n) == 0 && at[n] == '=')
			return at + n + 1;
	return NULL;
}

static int line_read(const struct managed *m, const struct detect *s, const char *mark,
	struct text *ret_line, char **ret_path)
{
	_cleanup_(str_free) char *text = NULL;
	const char *path = m->line == LINE_RUNNING ? "proc/cmdline" : mark, *at = NULL;
	size_t len;

	if (m->line == LINE_ENTRY)
		return entry_line(s->root, ret_line, ret_path);
	if (m->line == LINE_UNREAD || (m->line == LINE_RUNNING && !s->root->host))
		return 0;
	if (m->line == LINE_VARIABLE)
		at = text = detect_shell_value(s->root, path, m->key);
	else if (root_read(s->root, path, &text, &len, NULL) == 0)
		at = m->line == LINE_KEY ? key_find(text, m->key) : text;
	if (!at)
		return 0;
	text_print(ret_line, "%.*s", (int)strcspn(at, "\r\n"), at);
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

/* Edits the line in memory. Without a request a line that cannot be read is not known. */
static int line_edit_made(struct text *line, const char *path, const struct karg_ops *r,
	struct loaders *to, struct err *err)
{
	const struct format plain = {.first_line = true};
	char *text = line->data ? line->data : strdup("");

	*line = (struct text){0};
	if (!text || file_edits_add(&to->line, path, text, strlen(text)) < 0)
		return err_set(err, ENOMEM, "out of memory");
	int rc = plain_edit(&to->line, &plain, r, err);
	if (rc == -EINVAL && r->n == 0) {
		file_edits_done(&to->line);
		return 0;
	}
	return rc;
}

/* ---- what is left to do ------------------------------------------------------------------------
 */

struct advice {
	struct strings add, remove, replace, rest; /* rest: the new line, if words are taken out */
	struct text line;
	const char *mark, *efi;
	char *kernel;
};

static void advice_done(struct advice *a)
{
	strings_done(&a->add);
	strings_done(&a->remove);
	strings_done(&a->replace);
	strings_done(&a->rest);
	text_done(&a->line);
	str_free(&a->kernel);
}

/* The line is not known: what was asked for, less the words that the file does not have. */
static int unknown_words(
	const struct detect *s, const char *file, const struct karg_ops *r, struct advice *a)
{
	int rc = 0;

	for (size_t i = 0; i < r->n && rc == 0; i++) {
		const char *word = r->v[i].text;
		size_t len = strlen(word);
		if (r->v[i].kind == KARG_OP_ADD || r->v[i].kind == KARG_OP_ADD_WEAK ||
			r->v[i].kind == KARG_OP_SET)
			rc = strings_add(&a->add, word);
		else if (!file || root_holds(s->root, file, word))
			rc = strings_take(
				&a->remove, strndup(word, word[len - 1] == '=' ? len - 1 : len));
	}
	text_print(&a->line, "…");
	for (size_t i = 0; i < a->add.n; i++)
		text_print(&a->line, " %s", a->add.v[i]);
	return rc;
}

static int strings_copy(const struct strings *from, struct strings *to)
{
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++)
		rc = strings_add(to, from->v[i]);
	return rc;
}

static int known_words(const struct file_edits *line, struct advice *a)
{
	const struct strings *all = line->after.n > 0 ? &line->after : &line->before;

	for (size_t i = 0; i < all->n; i++)
		text_print(&a->line, "%s%s", i > 0 ? " " : "", all->v[i]);
	int rc = strings_copy(&line->added, &a->add);
	if (rc == 0)
		rc = strings_copy(&line->removed, &a->remove);
	return rc == 0 && a->remove.n > 0 ? strings_copy(all, &a->rest) : rc;
}

static void strings_drop(struct strings *s, size_t i)
{
	free(s->v[i]);
	memmove(s->v + i, s->v + i + 1, (s->n - i - 1) * sizeof(*s->v));
	s->n--;
}

/* K=OLD that is taken out and K=NEW that is added become K=OLD=NEW. */
static int words_pair(struct advice *a)
{
	for (size_t i = 0; i < a->remove.n;) {
		_cleanup_(karg_done) struct karg old = {0};
		size_t k = 0;
		bool paired = false;
		if (karg_read(a->remove.v[i], &old) < 0)
			return -ENOMEM;
		for (; k < a->add.n && !paired; k += !paired) {
			_cleanup_(karg_done) struct karg new = {0};
			if (karg_read(a->add.v[k], &new) < 0)
				return -ENOMEM;
			paired = old.value && new.value &&str_equal(old.name, new.name) &&
				 !strchr(old.value, '=') && !strchr(new.value, '=');
		}
		if (!paired) {
			i++;
			continue;
		}
		struct text both = {0};
		text_print(&both, "%s=%s", a->remove.v[i], strchr(a->add.v[k], '=') + 1);
		if (strings_take(&a->replace, both.data) < 0)
			return -ENOMEM;
		strings_drop(&a->remove, i);
		strings_drop(&a->add, k);
	}
	return 0;
}

/* The package of Void's newest kernel: linux6.12 for 6.12.1_1. */
static char *void_kernel(const struct root *r)
{
	_cleanup_(strings_done) struct strings versions = {0};
	const char *newest = "";
	char *name = NULL;

	(void)!root_list(r, "usr/lib/modules", "", &versions);
	for (size_t i = 0; i < versions.n; i++)
		if (strverscmp(versions.v[i], newest) > 0)
			newest = versions.v[i];
	const char *dot = strchr(newest, '.');
	size_t len = dot ? (size_t)(dot - newest) + 1 + strcspn(dot + 1, "._") : strlen(newest);
	return asprintf(&name, "linux%.*s", (int)len, newest) < 0 ? NULL : name;
}

/* A word as the shell reads it back. */
static void shell_print(struct text *to, const char *word, size_t len)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	if (strspn(word, safe) >= len) {
		text_add(to, word, len);
		return;
	}
	text_add(to, "'", 1);
	for (size_t i = 0; i < len; i++)
		if (word[i] == '\'')
			text_print(to, "'\\''");
		else
			text_add(to, word + i, 1);
	text_add(to, "'", 1);
}

/* One word in a pattern, where % is the word; for the shell the part behind the last blank is
 * quoted with it. */
static void pattern_print(
	struct text *to, const char *pattern, size_t len, const char *word, bool shell)
{
	_cleanup_(text_done) struct text part = {0};
	size_t begin = 0;

	for (size_t i = 0; shell && i < len; i++)
		if (pattern[i] == ' ')
			begin = i + 1;
	text_add(to, pattern, begin);
	for (size_t i = begin; i < len; i++)
		if (pattern[i] == '%')
			text_print(&part, "%s", word);
		else
			text_add(&part, pattern + i, 1);
	if (shell && part.data)
		shell_print(to, part.data, part.len);
	else if (part.data)
		text_add(to, part.data, part.len);
}

/* {NAME:PATTERN} for each word of a list, or {NAME}. False: no placeholder begins here. */
static bool placeholder_print(
	const struct advice *a, const char **at, struct text *to, bool *ret_list, bool *ret_any)
{
	const struct {
		const char *name;
		const struct strings *list;
		const char *text;
		bool shell;
	} placeholders[] = {
		{"add", &a->add, NULL, false},
		{"remove", &a->remove, NULL, false},
		{"sh-add", &a->add, NULL, true},
		{"sh-remove", &a->remove, NULL, true},
		{"sh-replace", &a->replace, NULL, true},
		{"sh-rest", &a->rest, NULL, true},
		{"line", NULL, a->line.data, false},
		{"mark", NULL, a->mark, false},
		{"efi", NULL, a->efi, false},
		{"kernel", NULL, a->kernel, false},
	};
	const char *name = *at + 1, *end = strchr(name, '}');

	for (size_t i = 0; end && i < sizeof(placeholders) / sizeof(*placeholders); i++) {
		const struct strings *list = placeholders[i].list;
		size_t n = strlen(placeholders[i].name);
		if (strncmp(name, placeholders[i].name, n) != 0 || name[n] != (list ? ':' : '}'))
			continue;
		for (size_t k = 0; list && k < list->n; k++)
			pattern_print(to, name + n + 1, (size_t)(end - name) - n - 1, list->v[k],
				placeholders[i].shell);
		*ret_list |= list != NULL;
		*ret_any |= list && list->n > 0;
		if (!list)
			text_print(to, "%s", placeholders[i].text ? placeholders[i].text : "");
		*at = end + 1;
		return true;
	}
	return false;
}

static int todo_add(const struct advice *a, const char *todo, struct strings *to)
{
	struct text out = {0};
	bool list = false, any = false;

	for (const char *at = todo; *at;)
		if (*at != '{' || !placeholder_print(a, &at, &out, &list, &any))
			text_add(&out, at++, 1);
	if (out.failed || (list && !any)) {
		int rc = out.failed ? -ENOMEM : 0;
		text_done(&out);
		return rc;
	}
	return strings_take(to, out.data);
}

/* The path of a file on the ESP as the firmware has it: \EFI\arch\vmlinuz. */
static void efi_print(const struct detect *s, const char *mark, struct text *to)
{
	const char *tail = mark;

	for (size_t i = 0; i < s->boots.n; i++)
		if (str_starts(mark, s->boots.v[i]) && mark[strlen(s->boots.v[i])] == '/' &&
			strlen(s->boots.v[i]) > (size_t)(tail - mark))
			tail = mark + strlen(s->boots.v[i]);
	for (const char *p = tail; *p; p++)
		text_add(to, *p == '/' ? "\\" : p, 1);
}

static int todo_make(const struct managed *m, const struct detect *s, const char *mark,
	const struct karg_ops *r, struct loaders *to)
{
	_cleanup_(advice_done) struct advice a = {.kernel = void_kernel(s->root)};
	_cleanup_(text_done) struct text path = {0}, efi = {0};
	int rc = to->line.n > 0 ? known_words(&to->line, &a)
				: unknown_words(s, m->line == LINE_UNREAD ? mark : NULL, r, &a);

	text_print(&path, "/%s", mark);
	efi_print(s, mark, &efi);
	a.mark = path.data;
	a.efi = efi.data;
	if (rc == 0 && strstr(m->todo[0], "{sh-replace"))
		rc = words_pair(&a);
	for (size_t i = 0; i < sizeof(m->todo) / sizeof(*m->todo) && m->todo[i] && rc == 0; i++)
		rc = todo_add(&a, m->todo[i], &to->by_hand);
	return a.line.failed || path.failed || efi.failed || !a.kernel ? -ENOMEM : rc;
}

/* Takes over `why`. True if the line is known and would stay as it is. */
static bool managed_set(struct loaders *to, const char *by, char *why)
{
	to->managed_by = by;
	to->managed_why = why;
	to->refused = to->line.n == 0 || to->line.added.n > 0 || to->line.removed.n > 0;
	return !to->refused;
}

int advice_refuse(const char *loader, const struct root *r, const struct karg_ops *req,
	struct loaders *to, struct err *err)
{
	_cleanup_(text_done) struct text line = {0};
	_cleanup_(str_free) char *path = NULL, *why = strdup(err->text);

	loaders_done(to);
	int rc = why ? entry_line(r, &line, &path) : -ENOMEM;
	if (rc < 0 || line.failed)
		return err_set(err, ENOMEM, "out of memory");
	*err = (struct err){0};
	rc = path ? line_edit_made(&line, path, req, to, err) : 0;
	if (rc < 0)
		return rc;
	(void)managed_set(to, loader, why);
	why = NULL;
	return 0;
}

int advice_make(const struct managed *m, const struct detect *s, const char *mark,
	const struct karg_ops *r, struct loaders *to, struct err *err)
{
	_cleanup_(text_done) struct text line = {0}, why = {0};
	_cleanup_(str_free) char *path = NULL;

	text_print(&why, "%s%s%s%s", mark[0] ? "/" : "", mark, mark[0] ? ": " : "", m->why);
	int rc = line_read(m, s, mark, &line, &path);
	if (rc < 0 || why.failed || line.failed)
		return err_set(err, ENOMEM, "out of memory");
	rc = path ? line_edit_made(&line, path, r, to, err) : 0;
	if (rc < 0)
		return rc;
	bool same = managed_set(to, m->name, why.data);
	why = (struct text){0};
	to->line_is_source = m->line != LINE_ENTRY && m->line != LINE_RUNNING;
	to->refused |= m->never;
	if (same && !m->never)
		return 0;
	return todo_make(m, s, mark, r, to) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}
