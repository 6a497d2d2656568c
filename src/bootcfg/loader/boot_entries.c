/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/boot_entries.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/loader.h"
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

struct boot_entry *boot_entry_add(struct boot_entries *o, const char *path, char *title)
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

int boot_entries_read(const struct root *r, const struct loaders *l, struct boot_entries *ret)
{
	_cleanup_(boot_entries_done) struct boot_entries o = {0};
	int rc = 0;

	for (size_t i = 0; i < l->found_n && rc == 0; i++)
		if (l->found[i]->entries)
			rc = l->found[i]->entries(r, l, &o);
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
