/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/bls_entries.h"

#include "bootcfg/loader/entries.h"
#include "bootcfg/loader/uki_entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bls_directory {
	struct boot_reading *q;
	const struct loader *loader;
	enum bls_reader reader;
	char *(*variable)(const struct boot_reading *q, const char *name, char **ret_source);
	const char *boot;
};

/* ---- variables of GRUB -------------------------------------------------------------------------
 */

/* $NAME or ${NAME} at text: its length, and the range of the name; 0: none. */
static size_t variable_at(const char *text, const char **ret_name, size_t *ret_len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	bool braces = text[0] == '$' && text[1] == '{';

	*ret_name = text + (braces ? 2 : 1);
	*ret_len = text[0] == '$' ? strspn(*ret_name, letters) : 0;
	if (*ret_len == 0 || (braces && (*ret_name)[*ret_len] != '}'))
		return 0;
	return *ret_len + (braces ? 3 : 1);
}

/* The text with its variables replaced; *ret_source: where the only one comes from if the text is
 * nothing else, or NULL. NULL: one is not known, or no memory. */
static char *expand(const struct bls_directory *d, const char *text, char **ret_source)
{
	struct text out = {0};
	const char *name;
	size_t len, all;

	*ret_source = NULL;
	text_add(&out, "", 0);
	for (const char *p = text; *p;) {
		size_t n = variable_at(p, &name, &len);
		if (n == 0) {
			text_add(&out, p++, 1);
			continue;
		}
		_cleanup_(str_free) char *copy = strndup(name, len), *source = NULL;
		_cleanup_(str_free) char *value = copy && d->variable
							  ? d->variable(d->q, copy, &source)
							  : NULL;
		if (!value) {
			text_done(&out);
			return NULL;
		}
		text_print(&out, "%s", value);
		all = strlen(text);
		if (n == all) {
			*ret_source = source;
			source = NULL;
		}
		p += n;
	}
	if (out.failed)
		text_done(&out);
	return out.data;
}

static int word_expand(const struct bls_directory *d, struct boot_entry *e, const char *word,
	const char *path, size_t line)
{
	_cleanup_(str_free) char *source = NULL, *value = expand(d, word, &source), *place = NULL;

	if (!value) {
		int rc = boot_entry_set_unknown(
			e, "/%s:%zu: %s is known to GRUB only, as it boots", path, line, word);
		return rc < 0 ? rc : boot_entry_add_word(e, word, "/%s:%zu", path, line);
	}
	if (!source && asprintf(&place, "/%s:%zu", path, line) < 0) {
		place = NULL;
		return -ENOMEM;
	}
	return boot_entry_add_text(e, value, strlen(value), source ? source : place);
}

/* ---- one entry ---------------------------------------------------------------------------------
 */

static int words_add(const struct bls_directory *d, struct boot_entry *e, const char *path,
	const char *text, size_t len)
{
	_cleanup_(tokens_done) struct tokens l = {0};
	struct err reason = {0};
	int rc = bls_line(path, text, len, d->reader, &l, &reason);

	if (rc == -EINVAL)
		return boot_entry_set_unknown(e, "%s", reason.text);
	for (size_t i = 0; i < l.words && rc == 0; i++) {
		const struct word *w = &l.word[i];
		const struct segment *f = &l.field[w->field];
		size_t line = f->ignored ? 0 : boot_line_of(text, f->cell[w->first].begin);
		if (f->ignored)
			continue;
		rc = w->unknown ? word_expand(d, e, w->text, path, line)
				: boot_entry_add_word(e, w->text, "/%s:%zu", path, line);
	}
	return rc;
}

/* systemd-boot also names each to the kernel, before the options (boot.c, initrd_prepare). */
static int initrd_add(
	const struct bls_directory *d, struct boot_entry *e, const char *name, size_t len)
{
	_cleanup_(text_done) struct text word = {0};

	if (d->reader != BLS_GRUB && e->kernel.path) {
		text_print(&word, "initrd=%.*s", (int)len, name);
		for (char *p = word.data; p && *p; p++)
			*p = *p == '/' ? '\\' : *p;
		if (word.failed || boot_entry_add_word(e, word.data, "by the loader") < 0)
			return -ENOMEM;
	}
	return boot_entry_add_initrd(d->q, e, d->boot, name, len);
}

/* `initrd` may be there several times, and GRUB takes several files in one line. */
static int initrds_add(
	const struct bls_directory *d, struct boot_entry *e, const char *text, size_t len)
{
	int rc = 0;

	for (size_t at = 0; at < len && rc == 0;) {
		const char *line = text + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) : len - at, key = strlen("initrd");
		at += n + 1;
		while (n > 0 && kcmdline_is_blank(*line))
			line++, n--;
		if (n <= key || memcmp(line, "initrd", key) != 0 || !strchr(" \t", line[key]))
			continue;
		for (size_t i = key; i < n && rc == 0;) {
			while (i < n && kcmdline_is_blank(line[i]))
				i++;
			size_t begin = i;
			while (i < n && !kcmdline_is_blank(line[i]))
				i++;
			/* $tuned_initrd, which is mostly empty. */
			if (i > begin && line[begin] != '$')
				rc = initrd_add(d, e, line + begin, i - begin);
		}
	}
	return rc;
}

/* The options as one text, with the place of the first: what the image gets from the loader. */
static int image_words_add(const struct bls_directory *d, struct boot_entry *e, const char *path,
	const char *text, size_t len)
{
	_cleanup_(tokens_done) struct tokens l = {0};
	_cleanup_(text_done) struct text options = {0}, source = {0};
	struct err reason = {0};
	int rc = bls_line(path, text, len, d->reader, &l, &reason);

	if (rc == -EINVAL)
		return boot_entry_set_unknown(e, "%s", reason.text);
	for (size_t i = 0; i < l.words && rc == 0; i++) {
		const struct segment *f = &l.field[l.word[i].field];
		if (f->ignored)
			continue;
		if (!source.data)
			text_print(&source, "/%s:%zu", path,
				boot_line_of(text, f->cell[l.word[i].first].begin));
		text_print(&options, "%s%s", options.data ? " " : "", l.word[i].text);
	}
	if (options.failed || source.failed)
		return -ENOMEM;
	return rc < 0 ? rc : uki_words_add(d->q, e, options.data, source.data);
}

static int owner_find(const struct bls_directory *d, struct boot_entry *e, const char *name,
	const struct bls_entry *b)
{
	const struct detect *s = d->q->facts;

	if (entry_is_foreign(s, name, b))
		return boot_entry_set_owner(e, false, "its machine-id is another system's");
	if (b->machine_id && s->machine_id && str_equal(b->machine_id, s->machine_id))
		return boot_entry_set_owner(e, true, "its machine-id is that of this system");
	return 0;
}

static int entry_fill(const struct bls_directory *d, struct boot_entry *e, const char *name,
	const struct bls_entry *b, const char *text, size_t len)
{
	_cleanup_(str_free) char *id = entry_id(name);
	const char *image = b->uki ? b->uki : b->efi;
	int rc = id ? boot_entry_set_id(e, id, strlen(id)) : -ENOMEM;

	if (rc == 0)
		rc = owner_find(d, e, name, b);
	if (rc == 0 && b->linux_path)
		rc = boot_file_find(
			d->q, d->boot, b->linux_path, strlen(b->linux_path), &e->kernel);
	else if (rc == 0 && image)
		rc = boot_file_find(d->q, d->boot, image, strlen(image), &e->image);
	e->no_linux = !b->linux_path && !image;
	if (rc == 0)
		rc = initrds_add(d, e, text, len);
	if (rc == 0)
		rc = boot_entry_set_order(e, b->sort_key, b->version);
	if (rc < 0 || e->no_linux)
		return rc;
	return b->linux_path ? words_add(d, e, e->path, text, len)
			     : image_words_add(d, e, e->path, text, len);
}

static int entry_read(const struct bls_directory *d, const char *name)
{
	_cleanup_(str_free) char *text = NULL;
	_cleanup_(bls_entry_done) struct bls_entry b = {0};
	char path[2048];
	struct err reason = {0};
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/loader/entries/%s", d->boot, name);
	if (name[0] == '.' || str_starts(name, "auto-") || root_is_link(d->q->root, path))
		return 0;
	int rc = root_read(d->q->root, path, &text, &len, &reason);
	if (rc == 0 && bls_read(text, len, &b) < 0)
		return -ENOMEM;
	struct boot_entry *e = boot_entry_add(
		d->q, d->loader, path, 0, strdup(b.title ? b.title : name));
	if (!e)
		return -ENOMEM;
	return rc < 0 ? boot_entry_set_unknown(e, "%s", reason.text)
		      : entry_fill(d, e, name, &b, text, len);
}

int bls_entries_read(struct boot_reading *q, const struct loader *loader, enum bls_reader reader,
	char *(*variable)(const struct boot_reading *q, const char *name, char **ret_source))
{
	int rc = 0;

	for (size_t i = 0; i < q->facts->boots.n && rc == 0; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		struct bls_directory d = {.q = q,
			.loader = loader,
			.reader = reader,
			.variable = variable,
			.boot = q->facts->boots.v[i]};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/loader/entries", d.boot);
		if (root_list(q->root, dir, ".conf", &names) < 0)
			continue;
		for (size_t n = 0; n < names.n && rc == 0; n++)
			rc = entry_read(&d, names.v[n]);
	}
	return rc;
}
