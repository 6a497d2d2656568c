/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_BOOTCFG_EDIT_H
#define FUZZ_BOOTCFG_EDIT_H

#include "bootcfg/format/file_edit.h"
#include "bootcfg/kargs/karg.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * What holds for every format and any bytes. An edit is refused with a reason, or
 *   the words, read anew from the new text, are the old ones in their order, less the removed, plus
 *   the added;
 *   the same edit again does nothing;
 *   one that only adds leaves every old byte, in its order; one that only removes makes up none.
 */
struct fuzz_format {
	format_edit *edit;
	struct format format;
	const char *given; /* bytes that the format writes anew: filling, a tab behind a key */
	bool one_line;     /* all its words are one command line, with one `--` */
};

/* More than one word of ours, its quotes and a new assignment around it take, for each line. */
#define FUZZ_INSERT_MAX 160

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

static inline void file_edit_fill(struct file_edits *s, const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	must(copy != NULL);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	must(file_edits_add(s, "file", copy, len) == 0);
}

static inline bool word_is(const char *word, const char *name, bool valued)
{
	struct karg k = {0};
	must(karg_read(word, &k) == 0);
	bool is = karg_same_name(k.name, name) && !k.value == !valued;
	karg_done(&k);
	return is;
}

struct fuzz_try {
	struct karg_ops r;
	const char *added; /* a name that has to be there afterwards */
	bool adds, removes;
};

/* Words that the request may take away or bring along, or (iommu=off) change. */
static inline bool word_is_asked(const struct fuzz_try *t, const char *word)
{
	if (t->removes && (word_is(word, "quiet", false) || word_is(word, "splash", true)))
		return true;
	return t->adds &&
	       (word_is(word, t->added, true) || (t->removes && word_is(word, "iommu", true)));
}

static inline bool word_equal(const char *a, const char *b)
{
	struct karg x = {0}, y = {0};
	must(karg_read(a, &x) == 0 && karg_read(b, &y) == 0);
	bool same = karg_equal(&x, &y);
	karg_done(&x);
	karg_done(&y);
	return same;
}

/* The old words in their order, but for what was asked for. */
static inline void words_compare(
	const struct fuzz_try *t, const struct strings *old, const struct strings *new)
{
	size_t k = 0;

	for (size_t i = 0; i < old->n; i++) {
		if (word_is_asked(t, old->v[i]))
			continue;
		while (k < new->n && word_is_asked(t, new->v[k]))
			k++;
		must(k < new->n &&word_equal(old->v[i], new->v[k]));
		k++;
	}
	while (k < new->n)
		must(word_is_asked(t, new->v[k++]));
}

/* In effect means: before the `--` behind which everything is init's. A word that holds an
 * expansion (`$`; \1 is the shell's) may be anything, and stays. */
static inline void words_settled(const struct strings *new, const char *added, bool removed)
{
	bool there = false;

	for (size_t i = 0; i < new->n && !str_equal(new->v[i], "--"); i++) {
		bool gone = !word_is(new->v[i], "quiet", false) &&
			    !word_is(new->v[i], "splash", true);
		must(gone || !removed || strpbrk(new->v[i], "$\1"));
		there |= added && word_is(new->v[i], added, true);
	}
	must(there || !added);
}

/* Whether every byte of `part` stands in `whole`, in this order; `given` bytes don't count. */
static inline bool bytes_kept(
	const char *part, size_t n, const char *whole, size_t len, const char *given)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (part[i] && given && strchr(given, part[i]))
			continue;
		while (at < len && whole[at] != part[i])
			at++;
		if (at++ >= len)
			return false;
	}
	return true;
}

/* One request; the new text is read and edited once more. */
static inline void fuzz_request(
	const struct fuzz_format *f, const char *data, size_t size, const struct fuzz_try *t)
{
	struct file_edits once = {0}, twice = {0}, read = {0};
	struct karg_ops none = {0};
	struct err err = {0};
	size_t len;

	file_edit_fill(&once, data, size);
	int rc = f->edit(&once, &f->format, &t->r, &err);
	must(rc <= 0);
	must(rc == 0 || err.text[0] || rc == -ENOMEM);
	if (rc == 0 && file_edits_changed(&once)) {
		const char *text = file_edit_text(&once.v[0], &len);
		must(once.added.n + once.removed.n > 0);
		must(t->removes || bytes_kept(data, size, text, len, f->given));
		must(t->removes || len <= size + FUZZ_INSERT_MAX * (1 + once.added.n));
		must(t->adds || bytes_kept(text, len, data, size, f->given));

		file_edit_fill(&read, text, len);
		must(f->edit(&read, &f->format, &none, &err) == 0 && !file_edits_changed(&read));
		words_compare(t, &once.before, &read.before);
		if (f->one_line)
			words_settled(&read.before, t->added, t->removes);

		file_edit_fill(&twice, text, len);
		must(f->edit(&twice, &f->format, &t->r, &err) == 0 && !file_edits_changed(&twice));
	}
	file_edits_done(&once);
	file_edits_done(&twice);
	file_edits_done(&read);
}

static inline int fuzz_edit(const uint8_t *bytes, size_t size, const struct fuzz_format *f)
{
	const char *data = (const char *)bytes;
	struct fuzz_try all = {.added = "dyndbg", .adds = true, .removes = true};
	struct fuzz_try add = {.added = "fuzz.a", .adds = true}, cut = {.removes = true};
	struct file_edits read = {0};
	struct karg_ops none = {0};
	struct err err = {0};

	must(karg_ops_add(&all.r, "iommu=pt", NULL) == 0);
	must(karg_ops_add(&all.r, "dyndbg=\"file x +p\"", NULL) == 0);
	must(karg_ops_add(&add.r, "fuzz.a=1", NULL) == 0);
	for (struct fuzz_try *t = &all; t; t = t == &all ? &cut : NULL) {
		must(karg_ops_remove(&t->r, "quiet", NULL) == 0);
		must(karg_ops_remove(&t->r, "splash=", NULL) == 0);
	}
	file_edit_fill(&read, data, size);
	must(f->edit(&read, &f->format, &none, &err) <= 0 && !file_edits_changed(&read));
	file_edits_done(&read);
	fuzz_request(f, data, size, &all);
	fuzz_request(f, data, size, &add);
	fuzz_request(f, data, size, &cut);
	karg_ops_done(&all.r);
	karg_ops_done(&add.r);
	karg_ops_done(&cut.r);
	return 0;
}

#endif
