/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/own_entries.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAIL_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define TAIL_MAX 64
/* What neither the shell of a grub.d script nor a boot loader takes for anything else. */
#define WORD_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/=,:@%"

void own_entries_done(struct own_entries *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->v[i].tail);
		karg_ops_done(&o->v[i].words);
	}
	free(o->v);
	free(o->loader);
	*o = (struct own_entries){0};
}

static struct own_entry *entry_new(struct own_entries *o, const char *tail, size_t len)
{
	struct own_entry *v = realloc(o->v, (o->n + 1) * sizeof(*v));
	char *copy = v ? strndup(tail, len) : NULL;

	if (v)
		o->v = v;
	if (!copy)
		return NULL;
	v[o->n] = (struct own_entry){.tail = copy};
	return &v[o->n++];
}

static const struct own_entry *entry_find(const struct own_entries *o, const char *tail)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_equal(o->v[i].tail, tail))
			return &o->v[i];
	return NULL;
}

int own_entries_add(struct own_entries *o, const char *tail, const char *word, struct err *err)
{
	if (entry_find(o, tail))
		return 0;
	struct own_entry *e = entry_new(o, tail, strlen(tail));
	return e ? karg_ops_add(&e->words, word, err) : err_set(err, ENOMEM, "out of memory");
}

static bool tail_is_valid(const char *tail, size_t len)
{
	return len > 0 && len <= TAIL_MAX && tail[0] != '-' && strspn(tail, TAIL_LETTERS) >= len;
}

/* TAIL WORD…; the line is changed. */
static int line_take(struct own_entries *o, char *line, size_t number, struct err *err)
{
	char *tail = strsep(&line, " \t"), *word;

	if (str_equal(tail, OWN_LOADER) && line && tail_is_valid(line, strlen(line)) &&
		!o->loader) {
		o->loader = strdup(line);
		return o->loader ? 0 : err_set(err, ENOMEM, "out of memory");
	}
	if (!tail_is_valid(tail, strlen(tail)) || entry_find(o, tail))
		return err_set(err, EINVAL,
			"/" OWN_ENTRIES_LIST
			":%zu: expected a new name of a to z, 0 to 9 and -, then words",
			number);
	struct own_entry *e = entry_new(o, tail, strlen(tail));
	int rc = e ? 0 : err_set(err, ENOMEM, "out of memory");
	while (rc == 0 && (word = strsep(&line, " \t"))) {
		if (word[strspn(word, WORD_LETTERS)])
			return err_set(err, EINVAL,
				"/" OWN_ENTRIES_LIST
				":%zu: %.100s: a word has letters, digits and ._+-/=,:@%% alone",
				number, word);
		rc = word[0] ? karg_ops_add(&e->words, word, err) : 0;
	}
	return rc < 0 || e->words.n > 0
		       ? rc
		       : err_set(err, EINVAL, "/" OWN_ENTRIES_LIST ":%zu: expected words behind %s",
				 number, tail);
}

int own_entries_read(const struct root *r, struct own_entries *ret, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0, number = 0;
	int rc = root_read(r, OWN_ENTRIES_LIST, &text, &len, err);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0 && strlen(text) != len)
		return err_set(err, EINVAL, "/" OWN_ENTRIES_LIST ": contains a NUL byte");
	char *rest = text;
	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		number++;
		if (line[0] && line[0] != '#')
			rc = line_take(ret, line, number, err);
	}
	return rc;
}

void own_entries_print(const struct own_entries *o, struct text *to)
{
	text_print(to,
		"# Boot entries beside those of each kernel, by vfio-bootcfg(8), which removes them (--undo).\n"
		"# A line each: the tail of the entry's name, and the words that its kernel gets besides.\n");
	if (o->loader)
		text_print(to, OWN_LOADER " %s\n", o->loader);
	for (size_t i = 0; i < o->n; i++) {
		text_print(to, "%s", o->v[i].tail);
		for (size_t k = 0; k < o->v[i].words.n; k++)
			text_print(to, " %s", o->v[i].words.v[k].text);
		text_print(to, "\n");
	}
}

bool own_has_version(const char *path)
{
	for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.'))
		if (dot > path && isdigit((unsigned char)dot[-1]) && isdigit((unsigned char)dot[1]))
			return true;
	return false;
}
