/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/boot_entries.h"

#include "bootcfg/kargs/karg.h"
#include "shared/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void boot_entries_done(struct boot_entries *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->v[i].title);
		free(o->v[i].path);
		strings_done(&o->v[i].words);
	}
	free(o->v);
	*o = (struct boot_entries){0};
}

static struct boot_entry *entry_new(struct boot_entries *o, const char *path, char *title)
{
	struct boot_entry *v = title ? realloc(o->v, (o->n + 1) * sizeof(*v)) : NULL;
	char *copy = v ? strdup(path) : NULL;

	if (v)
		o->v = v;
	if (!copy) {
		free(title);
		return NULL;
	}
	v[o->n] = (struct boot_entry){.title = title, .path = copy};
	return &v[o->n++];
}

/* menuentry 'TITLE' …: the quotes of grub-mkconfig, where '\'' is one quote. */
static char *title_read(const char *line, size_t len)
{
	const char *end = line + len, *open = NULL;

	for (const char *p = line; p < end && !open; p++)
		open = *p == '\'' || *p == '"' ? p : NULL;
	const char *close = open ? memchr(open + 1, *open, (size_t)(end - open - 1)) : NULL;
	return close ? strndup(open + 1, (size_t)(close - open - 1)) : strndup("(no title)", 10);
}

/* The text after the kernel's path on a `linux` line; *len becomes its length. */
static const char *linux_words(const char *line, size_t *len)
{
	const char *end = line + *len, *p = line;

	while (p < end && !karg_blank(*p))
		p++;
	size_t key = (size_t)(p - line);
	if (!(key == 5 && memcmp(line, "linux", 5) == 0) &&
		!(key == 8 && memcmp(line, "linuxefi", 8) == 0) &&
		!(key == 7 && memcmp(line, "linux16", 7) == 0))
		return NULL;
	while (p < end && karg_blank(*p))
		p++;
	while (p < end && !karg_blank(*p))
		p++;
	*len = (size_t)(end - p);
	return p;
}

static int words_read(const char *text, size_t len, struct strings *ret)
{
	_cleanup_(tokens_done) struct tokens l = {.dialect = DIALECT_GRUB};
	struct segment *f = tokens_segment(&l);

	if (!f || segment_add_bytes(f, text, 0, len, 0) < 0)
		return -ENOMEM;
	return tokens_split(&l, NULL) < 0 ? 0 : line_words(&l, ret);
}

static int menu_read(const struct root *r, const char *path, struct boot_entries *to)
{
	_cleanup_(str_free) char *menu = NULL;
	struct boot_entry *open = NULL;
	size_t size;

	if (root_read(r, path, &menu, &size, NULL) < 0)
		return 0;
	for (const char *at = menu; *at;) {
		const char *line = at + strspn(at, " \t"), *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line);
		const char *words = linux_words(line, &len);
		if (words && open) {
			if (words_read(words, len, &open->words) < 0)
				return -ENOMEM;
			open = NULL;
		} else if (str_starts(line, "menuentry ")) {
			open = entry_new(to, path, title_read(line, (size_t)(end - line)));
			if (!open)
				return -ENOMEM;
		}
		at = end + (*end == '\n');
	}
	return 0;
}

static int bls_entry_read(
	const struct root *r, const struct karg_source *p, struct boot_entries *to)
{
	_cleanup_(file_edits_done) struct file_edits s = {0};
	_cleanup_(bls_entry_done) struct bls_entry e = {0};
	const struct karg_ops nothing = {0};
	size_t len;

	if (karg_source_edit(r, p, &nothing, &s, NULL) < 0 || s.n == 0)
		return 0;
	const char *text = file_edit_text(&s.v[0], &len);
	if (bls_read(text, len, &e) < 0)
		return -ENOMEM;
	struct boot_entry *new = entry_new(
		to, p->paths.v[0], strdup(e.title ? e.title : strrchr(s.v[0].name, '/') + 1));
	if (!new)
		return -ENOMEM;
	new->words = s.before;
	s.before = (struct strings){0};
	return 0;
}

int boot_entries_read(const struct root *r, const struct loaders *l, struct boot_entries *ret)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	int rc = l->grub_cfg ? menu_read(r, l->grub_cfg, &o) : 0;

	for (size_t i = 0; i < l->places && rc == 0; i++)
		if (l->place[i].edit == bls_edit)
			rc = bls_entry_read(r, &l->place[i], &o);
	if (rc < 0)
		return rc;
	*ret = o;
	o = (struct boot_entries){0};
	return 0;
}

/* True if the word is on the line, or cannot be parsed: that is not reported as missing. */
static bool has_word(const struct strings *line, const char *word)
{
	_cleanup_(karg_done) struct karg want = {0};
	bool found = karg_read(word, &want) < 0;

	for (size_t k = 0; k < line->n && !found && !str_equal(line->v[k], "--"); k++) {
		_cleanup_(karg_done) struct karg have = {0};
		found = karg_read(line->v[k], &have) == 0 && karg_equal(&have, &want);
	}
	return found;
}

void boot_entries_print(const struct boot_entries *o, const struct strings *words, FILE *f)
{
	for (size_t i = 0; i < o->n; i++) {
		_cleanup_(text_done) struct text missing = {0};
		const struct strings *line = &o->v[i].words;
		if (line->n == 0)
			continue; /* starts no kernel: firmware setup, another system */
		bool all = true;
		for (size_t k = 0; k < words->n; k++)
			if (!has_word(line, words->v[k])) {
				text_print(&missing, " %s", words->v[k]);
				all = false;
			}
		if (!all)
			term_row(f, "will not have ", "%s:%s", o->v[i].title,
				missing.data ? missing.data : "");
		else
			term_row(f, "will have     ", "%s", o->v[i].title);
	}
}
