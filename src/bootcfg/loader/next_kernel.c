/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/next_kernel.h"

#include "bootcfg/loader/booted.h"
#include "bootcfg/loader/word_origin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void next_kernel_done(struct next_kernel *k)
{
	free(k->generator);
	free(k->unknown);
	strings_done(&k->words);
	strings_done(&k->sources);
}

void next_kernels_done(struct next_kernels *o)
{
	for (size_t i = 0; i < o->n; i++)
		next_kernel_done(&o->v[i]);
	free(o->v);
	*o = (struct next_kernels){0};
}

static struct next_kernel *add(struct next_kernels *o, const char *generator)
{
	struct next_kernel *v = realloc(o->v, (o->n + 1) * sizeof(*v));

	if (!v)
		return NULL;
	o->v = v;
	v[o->n] = (struct next_kernel){.generator = strdup(generator)};
	return v[o->n].generator ? &v[o->n++] : NULL;
}

static int word_add(struct next_kernel *k, const char *word, const char *source)
{
	int rc = strings_add(&k->words, word);
	return rc < 0 ? rc : strings_add(&k->sources, source);
}

/* The line of the running kernel, less what a loader adds itself (90-loaderentry.install). */
static int running_add(const struct root *r, struct next_kernel *k)
{
	_cleanup_(booted_done) struct booted now = {0};
	int rc = booted_read(r, &now);

	k->running = true;
	if (rc == 0 && !now.cmdline)
		k->unknown = strdup(
			"the line of the system that runs when the kernel is installed");
	for (const char *p = now.cmdline ? now.cmdline : ""; *p && rc == 0;) {
		while (kcmdline_is_blank(*p))
			p++;
		const char *end = kcmdline_word_end(p);
		_cleanup_(str_free) char *word = strndup(p, (size_t)(end - p));
		if (!word)
			return -ENOMEM;
		if (word[0] && !str_starts(word, "BOOT_IMAGE=") && !str_starts(word, "initrd="))
			rc = word_add(k, word, "/proc/cmdline");
		p = end;
	}
	return rc == 0 && !now.cmdline && !k->unknown ? -ENOMEM : rc;
}

static bool has_entries(const struct loaders *l)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].edit == bls_edit)
			return true;
	return false;
}

static bool is_there(const struct root *r, const struct karg_source *s)
{
	bool there = s->template && root_is_file(r, "usr/lib/kernel/cmdline");

	for (size_t i = 0; i < s->paths.n; i++)
		there |= root_is_file(r, s->paths.v[i]);
	return there;
}

static int source_add(const struct root *r, const struct loaders *l, const struct karg_source *s,
	struct next_kernels *to)
{
	_cleanup_(source_words_done) struct source_words of = {0};
	_cleanup_(str_free) char *program = generator_name(l);
	struct format f = s->format;
	struct err reason = {0};
	bool whole = s->edit == plain_edit;
	int rc = 0;

	if (s->edit == limine_tool_edit)
		f.kernel = "default";
	if (is_there(r, s))
		rc = source_words_read(r, l, s, &f, &of, &reason);
	if (rc == -ENOMEM || (f.kernel && rc == 0 && of.words.n == 0))
		return rc;
	struct next_kernel *k = program ? add(to, program) : NULL;
	if (!k)
		return -ENOMEM;
	if (!is_there(r, s))
		return running_add(r, k);
	for (size_t i = 0; i < of.words.n; i++)
		whole |= str_starts(of.words.v[i], "root=");
	k->words = of.words;
	k->sources = of.places;
	of.words = of.places = (struct strings){0};
	bool open = whole && of.open > 0;
	if (rc < 0)
		k->unknown = strdup(reason.text);
	else if (open && asprintf(&k->unknown, "%s: %s is known to %s only",
				 k->sources.v[of.open - 1], k->words.v[of.open - 1], program) < 0)
		k->unknown = NULL;
	else if (!whole &&
		 asprintf(&k->unknown, "%s adds root= and other words itself", program) < 0)
		k->unknown = NULL;
	return (rc < 0 || open || !whole) && !k->unknown ? -ENOMEM : 0;
}

int next_kernels_read(const struct root *r, const struct loaders *l, struct next_kernels *ret)
{
	_cleanup_(next_kernels_done) struct next_kernels o = {0};
	bool entries = has_entries(l);
	int rc = 0;

	for (size_t i = 0; i < l->sources_n && rc == 0; i++) {
		const struct karg_source *s = &l->sources[i];
		/* Beside entries that GRUB reads, /etc/default/grub is for grub-mkconfig alone. */
		if (!karg_source_is_entry(s) && !(entries && s->edit != plain_edit))
			rc = source_add(r, l, s, &o);
	}
	if (rc == 0 && o.n == 0 && l->next_running) {
		struct next_kernel *k = add(&o, l->next_running);
		rc = k ? running_add(r, k) : -ENOMEM;
	}
	if (rc < 0)
		return rc;
	*ret = o;
	o = (struct next_kernels){0};
	return 0;
}
