/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/word_origin.h"

#include "bootcfg/kargs/karg.h"
#include "bootcfg/loader/grub_scripts.h"
#include "bootcfg/loader/kernel_install.h"
#include "bootcfg/loader/loader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 100000 /* words of an entry by words of its source */

char *generator_name(const struct loaders *l)
{
	const char *command = l->next.n > 0 ? l->next.v[0] : kernel_installer;
	return strndup(command, strcspn(command, " "));
}

/* ---- what the sources have ---------------------------------------------------------------------
 */

/* The file of the vendor, where the one in its place is still to be made of it
 * (kernel_cmdline_add).
 */
static char *place_there(const struct root *r, const struct karg_source *s, const char *place)
{
	static const char own[] = "/etc/kernel/cmdline", vendor[] = "/usr/lib/kernel/cmdline";
	size_t len = strlen(own);
	char *text = NULL;

	if (!s->template || !str_starts(place, own) || place[len] != ':' ||
		root_is_file(r, own + 1) || !root_is_file(r, vendor + 1))
		return strdup(place);
	return asprintf(&text, "%s%s", vendor, place + len) < 0 ? NULL : text;
}

void source_words_done(struct source_words *o)
{
	strings_done(&o->words);
	strings_done(&o->places);
	*o = (struct source_words){0};
}

int source_words_read(const struct root *r, const struct loaders *l, const struct karg_source *s,
	const struct format *f, struct source_words *ret, struct err *err)
{
	_cleanup_(file_edits_done) struct file_edits edits = {0};
	_cleanup_(str_free) char *program = generator_name(l);
	_cleanup_(text_done) struct text by = {0};
	int rc = program ? karg_source_read(r, s, f, &edits, err) : -ENOMEM;

	text_print(&by, "by %s", program ? program : "");
	if (by.failed)
		return -ENOMEM;
	for (size_t i = 0; i < edits.before.n && i < edits.places.n && rc == 0; i++) {
		const char *place = edits.places.v[i], *word = edits.before.v[i];
		_cleanup_(text_done) struct text shown = {0};
		word_show(word, &shown);
		if (strchr(word, '\x01') && ret->open == 0)
			ret->open = i + 1;
		rc = shown.failed ? -ENOMEM
				  : strings_add(&ret->words, shown.data ? shown.data : "");
		if (rc == 0)
			rc = strings_take(
				&ret->places, place_there(r, s, place[0] ? place : by.data));
	}
	return rc;
}

/* The words of all sources that entries are made of. */
struct origins {
	const struct root *root;
	const struct loaders *loaders;
	struct grub_scripts scripts;
	bool scripts_read;
	char *generator;
	struct source_words of; /* the last entry that was asked for */
	struct text key;        /* … and which these are */
	bool several; /* more than one source: a word may be in the source of another entry */
};

static void origins_done(struct origins *o)
{
	grub_scripts_done(&o->scripts);
	free(o->generator);
	source_words_done(&o->of);
	text_done(&o->key);
}

/* The part of a source that an entry of this maker has. */
static struct format part_of(
	const struct loader *maker, const struct boot_entry *e, const struct karg_source *s)
{
	struct format f = s->format;

	f.must_exist = false;
	if (maker->part)
		maker->part(e, &f);
	return f;
}

/* All sources that entries are made of, as their parts are called: entries with the same have the
 * same words. */
static int key_make(const struct origins *o, const struct loader *maker, const struct boot_entry *e,
	struct text *key)
{
	for (size_t i = 0; i < o->loaders->sources_n; i++) {
		struct format f = part_of(maker, e, &o->loaders->sources[i]);
		for (size_t k = 0; k < sizeof(f.names) / sizeof(*f.names); k++)
			text_print(key, "%s ", f.names[k] ? f.names[k] : "");
		text_print(key, "%s\n", f.kernel ? f.kernel : "");
	}
	return key->failed ? -ENOMEM : 0;
}

/* A source that cannot be read has no places. */
static int origins_read(struct origins *o, const struct loader *maker, const struct boot_entry *e)
{
	_cleanup_(text_done) struct text key = {0};
	size_t n = 0;
	int rc = key_make(o, maker, e, &key);

	if (rc < 0 || (o->key.data && str_equal(o->key.data, key.data)))
		return rc;
	source_words_done(&o->of);
	text_done(&o->key);
	for (size_t i = 0; i < o->loaders->sources_n && rc == 0; i++) {
		const struct karg_source *s = &o->loaders->sources[i];
		struct format f = part_of(maker, e, s);
		struct err ignored = {0};
		if (karg_source_is_entry(s))
			continue;
		n++;
		rc = source_words_read(o->root, o->loaders, s, &f, &o->of, &ignored);
		rc = rc == -ENOMEM ? rc : 0;
	}
	o->several = n > 1;
	o->key = key;
	key = (struct text){0};
	return rc;
}

/* ---- the words of an entry ---------------------------------------------------------------------
 */

/* True for "/PATH:LINE" of this file. */
static bool is_place_in(const char *source, const char *path)
{
	size_t len = strlen(path);
	return source[0] == '/' && str_starts(source + 1, path) && source[1 + len] == ':';
}

static size_t count_of(const struct strings *words, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++)
		n += karg_same_word(words->v[i], word);
	return n;
}

/* The longest common sequence of words [0, n) and [0, m), for each n and m. */
static unsigned *common_make(const struct strings *a, const struct strings *b)
{
	size_t width = b->n + 1;
	unsigned *t = calloc((a->n + 1) * width, sizeof(*t));

	for (size_t i = 1; t && i <= a->n; i++)
		for (size_t k = 1; k <= b->n; k++) {
			unsigned up = t[(i - 1) * width + k], left = t[i * width + k - 1];
			t[i * width + k] = karg_same_word(a->v[i - 1], b->v[k - 1])
						   ? t[(i - 1) * width + k - 1] + 1
					   : up > left ? up
						       : left;
		}
	return t;
}

/* Which word of b each of a is, or SIZE_MAX; the last ones first, for a generator puts words of its
 * own before those of its source. */
static size_t *match_make(const struct strings *a, const struct strings *b)
{
	size_t width = b->n + 1, i = a->n, k = b->n;
	size_t *match = calloc(a->n + 1, sizeof(*match));
	unsigned *t = match && a->n * b->n <= PAIRS_MAX ? common_make(a, b) : NULL;

	for (size_t n = 0; match && n < a->n; n++)
		match[n] = SIZE_MAX;
	while (t && i > 0 && k > 0) {
		if (karg_same_word(a->v[i - 1], b->v[k - 1]))
			match[--i] = --k;
		else if (t[(i - 1) * width + k] > t[i * width + k - 1])
			i--;
		else
			k--;
	}
	free(t);
	return match;
}

static int source_set(struct boot_entry *e, size_t i, char *source)
{
	if (!source)
		return -ENOMEM;
	free(e->sources.v[i]);
	e->sources.v[i] = source;
	return 0;
}

static int by_generator(struct origins *o, struct boot_entry *e, size_t i)
{
	char *text = NULL;

	return asprintf(&text, "by %s, in %s", o->generator, e->sources.v[i]) < 0
		       ? -ENOMEM
		       : source_set(e, i, text);
}

/* The words of lines that a script of /etc/grub.d has in itself. *ret_reads: this line may have
 * words of the sources. */
static int script_look(struct origins *o, struct boot_entry *e, bool *ret_reads)
{
	const struct root *r = o->root;

	*ret_reads = true;
	if (!o->loaders->menu || !str_equal(o->loaders->menu, e->path))
		return 0;
	if (!o->scripts_read && grub_scripts_read(&o->scripts, r, e->path) < 0)
		return -ENOMEM;
	o->scripts_read = true;
	for (size_t i = 0; i < e->words.n && o->scripts.marked; i++) {
		char *text = NULL;
		if (!is_place_in(e->sources.v[i], e->path))
			continue;
		size_t line = strtoul(e->sources.v[i] + strlen(e->path) + 2, NULL, 10);
		_cleanup_(str_free) char *script = grub_scripts_of(&o->scripts, line);
		size_t number = script ? grub_scripts_copied(&o->scripts, r, script, line) : 0;
		/* Without a script a hand wrote it. */
		*ret_reads = script && number == 0;
		if (number > 0 && (asprintf(&text, "/%s:%zu", script, number) < 0 ||
					  source_set(e, i, text) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int generated_set(struct origins *o, struct boot_entry *e)
{
	bool reads;
	int rc = script_look(o, e, &reads);
	size_t *match = rc == 0 && reads ? match_make(&e->words, &o->of.words) : NULL;

	if (rc < 0 || !reads)
		return rc;
	for (size_t i = 0; i < e->words.n && match && rc == 0; i++) {
		const char *place = match[i] != SIZE_MAX && e->ours ? o->of.places.v[match[i]] : "";
		if (!is_place_in(e->sources.v[i], e->path))
			continue;
		rc = place[0] == '/' && !(o->several && count_of(&o->of.words, e->words.v[i]) > 1)
			     ? source_set(e, i, strdup(place))
			     : by_generator(o, e, i);
	}
	free(match);
	return match ? rc : -ENOMEM;
}

/* ---- the words of an image ---------------------------------------------------------------------
 */

static bool is_in_image(const struct boot_entry *e, size_t i)
{
	static const char in[] = "in the image /";
	const char *source = e->sources.v[i];

	return str_starts(source, in) && e->image.path &&
	       str_equal(source + strlen(in), e->image.path);
}

/* True if all words of a source are there, in their order: then the line was made of it as it is
 * now. Of a profile, or an image that is to be built anew, it was not. */
static bool is_whole(const size_t *match, size_t n, size_t wanted)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += match[i] != SIZE_MAX;
	return wanted > 0 && found == wanted;
}

/* The places of the words that the image has of this source; *ret NULL: it is made of another. */
static int image_places(struct origins *o, const struct karg_source *s, const struct boot_entry *e,
	struct source_words *of, size_t **ret)
{
	struct err ignored = {0};
	int rc = source_words_read(o->root, o->loaders, s, &s->format, of, &ignored);

	*ret = rc == 0 ? match_make(&e->words, &of->words) : NULL;
	if (rc == -ENOMEM || (rc == 0 && !*ret))
		return -ENOMEM;
	if (*ret && !is_whole(*ret, e->words.n, of->words.n)) {
		free(*ret);
		*ret = NULL;
	}
	return 0;
}

static int image_from(struct boot_entry *e, const size_t *match, const struct strings *places)
{
	for (size_t i = 0; i < e->words.n; i++) {
		char *text = NULL;
		if (match[i] == SIZE_MAX || !is_in_image(e, i) || places->v[match[i]][0] != '/')
			continue;
		if (asprintf(&text, "%s, from %s", e->sources.v[i], places->v[match[i]]) < 0 ||
			source_set(e, i, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Of two sources with the same words nothing tells which one it is. */
static int image_set(struct origins *o, struct boot_entry *e)
{
	_cleanup_(source_words_done) struct source_words found = {0};
	size_t *match = NULL;
	bool several = false;
	int rc = 0;

	for (size_t i = 0; i < o->loaders->sources_n && rc == 0; i++) {
		const struct karg_source *s = &o->loaders->sources[i];
		struct source_words of = {0};
		size_t *one = NULL;
		if (!karg_source_is_entry(s))
			rc = image_places(o, s, e, &of, &one);
		several |= one && match;
		if (one && !match) {
			match = one;
			source_words_done(&found);
			found = of;
			continue;
		}
		free(one);
		source_words_done(&of);
	}
	if (rc == 0 && match && !several)
		rc = image_from(e, match, &found.places);
	free(match);
	return rc;
}

/* ---- all entries -------------------------------------------------------------------------------
 */

static bool is_source(const struct loaders *l, const struct boot_entry *e)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (karg_source_is_entry(&l->sources[i]) &&
			strings_have(&l->sources[i].paths, e->path))
			return true;
	return false;
}

static const struct loader *maker_of(
	const struct root *r, const struct loaders *l, const struct boot_entry *e)
{
	for (size_t i = 0; i < l->found_n; i++)
		if (l->found[i]->makes && l->found[i]->makes(r, l, e))
			return l->found[i];
	return NULL;
}

static int entry_set(struct origins *o, struct boot_entry *e)
{
	const struct loader *maker = is_source(o->loaders, e) ? NULL
							      : maker_of(o->root, o->loaders, e);
	bool image = o->loaders->image && e->ours && e->image.path;

	if (e->no_linux || (!maker && !image))
		return 0;
	if (!maker)
		return image_set(o, e);
	return origins_read(o, maker, e) < 0 ? -ENOMEM : generated_set(o, e);
}

int word_origins_set(const struct root *r, const struct loaders *l, struct boot_entries *all)
{
	_cleanup_(origins_done) struct origins o = {.root = r, .loaders = l};
	int rc = 0;

	if (l->next.n == 0 && !l->image)
		return 0;
	o.generator = generator_name(l);
	if (!o.generator)
		return -ENOMEM;
	for (size_t i = 0; i < all->n && rc == 0; i++)
		rc = entry_set(&o, &all->v[i]);
	return rc;
}
